#include "client/seen_requests.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <fstream>

using namespace curfew;
using client::SeenRequests;

namespace {

const std::string kCluster = "https://one.test:6443";
const std::string kUid = "3f2a91bc-0000-4000-8000-000000000001";

client::SeenRequest request(const std::string& name, const std::string& uid) {
  return {.key = {"payments", name}, .uid = uid};
}

// A temporary folder that is deleted when the test ends.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "curfew-seen-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path file() const { return path_ / "cache" / "kubectl-curfew" / "seen.json"; }

 private:
  std::filesystem::path path_;
};

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
  std::filesystem::permissions(file,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

std::string entry(const std::string& uid) {
  return R"({"cluster": "https://one.test:6443", "request": "payments/fix", "uid": )" + uid + "}";
}

}  // namespace

TEST_CASE("the request that was shown last under a name is remembered, for each cluster and namespace") {
  const Folder folder;
  const SeenRequests seen(folder.file());
  CHECK(seen.uid_of(kCluster, {"payments", "fix"}) == std::nullopt);
  seen.remember(kCluster, {request("fix", "a"), request("other", "b")});
  seen.remember(kCluster, {request("fix", kUid)});
  CHECK(SeenRequests(folder.file()).uid_of(kCluster, {"payments", "fix"}) == kUid);
  CHECK(seen.uid_of(kCluster, {"payments", "other"}) == "b");
  CHECK(seen.uid_of("https://two.test:6443", {"payments", "fix"}) == std::nullopt);
  CHECK(seen.uid_of(kCluster, {"shop", "fix"}) == std::nullopt);
}

TEST_CASE("only its owner can read the file, and nothing lies beside it") {
  const Folder folder;
  SeenRequests(folder.file()).remember(kCluster, {request("fix", kUid)});
  CHECK((std::filesystem::status(folder.file()).permissions() & std::filesystem::perms::mask) ==
        (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  CHECK((std::filesystem::status(folder.file().parent_path()).permissions() & std::filesystem::perms::mask) ==
        std::filesystem::perms::owner_all);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.file().parent_path()), {}) == 1);
}

TEST_CASE("of very many requests the last are remembered") {
  const Folder folder;
  const SeenRequests seen(folder.file());
  for (int part = 0; part < 3; ++part) {
    std::vector<client::SeenRequest> many;
    for (int i = 0; i < 600; ++i)
      many.push_back(request("r" + std::to_string(part) + "-" + std::to_string(i), kUid));
    seen.remember(kCluster, many);
  }
  CHECK(seen.uid_of(kCluster, {"payments", "r0-599"}) == std::nullopt);
  CHECK(seen.uid_of(kCluster, {"payments", "r1-0"}) == std::nullopt);
  CHECK(seen.uid_of(kCluster, {"payments", "r1-599"}) == kUid);
  CHECK(seen.uid_of(kCluster, {"payments", "r2-0"}) == kUid);
  CHECK(std::filesystem::file_size(folder.file()) < 200'000);
}

TEST_CASE("whatever else is in the file is ignored, and the file is of use again") {
  const std::string content = GENERATE(
      as<std::string>(), "", "{", "[]", "null", "7", R"({"seen": 7})", R"({"seen": {"a": 1}})",
      R"({"seen": [7, null, [], {}, "x"]})", R"({"seen": [{"cluster": 1, "request": 2, "uid": 3}]})",
      "\xff\xfe", std::string(3'000'000, ' '), "{\"seen\": [" + entry("7") + "]}",
      "{\"seen\": [" + entry("\"\"") + "]}",
      "{\"seen\": [" + entry("\"" + std::string(2000, 'x') + "\"") + "]}", std::string(100'000, '['));
  const Folder folder;
  const SeenRequests seen(folder.file());
  write(folder.file(), content);
  CHECK(seen.uid_of(kCluster, {"payments", "fix"}) == std::nullopt);
  seen.remember(kCluster, {request("fix", kUid)});
  CHECK(seen.uid_of(kCluster, {"payments", "fix"}) == kUid);
}

TEST_CASE("a file that is not this person's own alone is ignored") {
  const Folder folder;
  const SeenRequests seen(folder.file());
  const std::string content = "{\"seen\": [" + entry("\"" + kUid + "\"") + "]}";
  write(folder.file(), content);
  REQUIRE(seen.uid_of(kCluster, {"payments", "fix"}) == kUid);
  SECTION("others may write it") {
    std::filesystem::permissions(folder.file(), std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
  }
  SECTION("it is a link") {
    std::filesystem::rename(folder.file(), folder.file().string() + ".real");
    std::filesystem::create_symlink(folder.file().string() + ".real", folder.file());
  }
  SECTION("it is a folder") {
    std::filesystem::remove(folder.file());
    std::filesystem::create_directory(folder.file());
  }
  SECTION("it is a pipe that nobody writes to") {
    std::filesystem::remove(folder.file());
    REQUIRE(::mkfifo(folder.file().c_str(), S_IRUSR | S_IWUSR) == 0);
  }
  CHECK(seen.uid_of(kCluster, {"payments", "fix"}) == std::nullopt);
}

TEST_CASE("without a place to write nothing is remembered, and nothing goes wrong") {
  const Folder folder;
  SECTION("no home") {
    const SeenRequests seen{std::filesystem::path()};
    seen.remember(kCluster, {request("fix", kUid)});
    CHECK(seen.uid_of(kCluster, {"payments", "fix"}) == std::nullopt);
  }
  SECTION("a file where a folder should be") {
    write(folder.file().parent_path(), "");
    const SeenRequests seen(folder.file());
    seen.remember(kCluster, {request("fix", kUid)});
    CHECK(seen.uid_of(kCluster, {"payments", "fix"}) == std::nullopt);
  }
}
