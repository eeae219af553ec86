#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fakeapi/fixtures.hpp"

using namespace curfew;
using namespace curfew::fakeapi;

namespace {

class TokenFile {
 public:
  TokenFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "curfew-token-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TokenFile() { std::filesystem::remove_all(folder_); }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

  std::string path() const { return (folder_ / "token").string(); }
  void write(const std::string& token) const { std::ofstream(path()) << token << "\n"; }

 private:
  std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("a bearer token goes with every request") {
  const ScriptedServer server({{"GET", "/1", {Send{response(200, "")}}}});
  const auto transport = transport_to(server, {.token = "secret"});
  REQUIRE(transport->send(get("/1"), kTimeout, {}));
  CHECK(server.seen().at(0).has_header("Authorization: Bearer secret"));
}

TEST_CASE("a token file is read again when it changes, and the old token kept while it holds none") {
  const TokenFile file;
  file.write("first");
  const ScriptedServer server({{"GET", "/1", {Send{response(200, "")}}},
                               {"GET", "/2", {Send{response(200, "")}}},
                               {"GET", "/3", {Send{response(200, "")}}}});
  const auto transport = transport_to(server, {.token_file = file.path()});
  REQUIRE(transport->send(get("/1"), kTimeout, {}));
  file.write("");
  REQUIRE(transport->send(get("/2"), kTimeout, {}));
  file.write("second");
  REQUIRE(transport->send(get("/3"), kTimeout, {}));
  const auto seen = server.seen();
  CHECK(seen.at(0).has_header("Authorization: Bearer first"));
  CHECK(seen.at(1).has_header("Authorization: Bearer first"));
  CHECK(seen.at(2).has_header("Authorization: Bearer second"));
}

TEST_CASE("after a 401 a token file is read again, and a new token is tried once") {
  const TokenFile file;
  file.write("aaaa");
  const auto written = std::filesystem::last_write_time(file.path());
  ScriptedServer server({{"GET", "/1", {Send{response(200, "")}}},
                         {"GET", "/2", {Send{response(401, "")}}},
                         {"GET", "/2", {Send{response(200, "in")}}},
                         {"GET", "/3", {Send{response(401, "")}}}});
  const auto transport = transport_to(server, {.token_file = file.path()});
  REQUIRE(transport->send(get("/1"), kTimeout, {}));
  file.write("bbbb");
  std::filesystem::last_write_time(file.path(), written);  // size, time and inode show no change
  const auto answer = transport->send(get("/2"), kTimeout, {});
  REQUIRE(answer);
  CHECK(answer->body == "in");
  const auto refused = transport->send(get("/3"), kTimeout, {});
  REQUIRE(refused);
  CHECK(refused->status == 401);
  CHECK(server.trouble().empty());
  const auto seen = server.seen();
  CHECK(seen.at(1).has_header("Authorization: Bearer aaaa"));
  CHECK(seen.at(2).has_header("Authorization: Bearer bbbb"));
}

TEST_CASE("a token file that cannot be read is Unauthorized in a sentence") {
  const TokenFile file;
  ScriptedServer server({});
  const auto transport = transport_to(server, {.token_file = file.path()});
  const auto missing = transport->send(get("/"), kTimeout, {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == ErrorKind::Unauthorized);
  CHECK(missing.error().message ==
        "the token file " + file.path() + " cannot be read: No such file or directory");
  file.write("");
  const auto empty = transport->send(get("/"), kTimeout, {});
  REQUIRE_FALSE(empty);
  CHECK(empty.error().message == "the token file " + file.path() + " is empty; a bearer token is expected");
  file.write("a\r\nX-Evil: 1");
  const auto split = transport->send(get("/"), kTimeout, {});
  REQUIRE_FALSE(split);
  CHECK(split.error().message == "the token file " + file.path() + " does not hold one bearer token");
  CHECK(server.trouble(std::chrono::milliseconds(0)).empty());
}
