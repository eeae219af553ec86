#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "fakeapi/certificates.hpp"
#include "fakeapi/fixtures.hpp"

using namespace curfew;
using namespace curfew::fakeapi;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;

namespace {

const Authority& ours() {
  static const Authority made("ours");
  return made;
}

Result<http::Response> ask(const ScriptedServer& server, http::ClientConfig config) {
  const auto transport = transport_to(server, std::move(config));
  return transport->send(get("/"), kTimeout, {});
}

}  // namespace

TEST_CASE("a server whose certificate our CA signed is trusted") {
  const Identity identity = ours().issue("IP:127.0.0.1");
  const ScriptedServer server({{"GET", "/", {Send{response(200, "hello")}}}}, &identity);
  const auto answer = ask(server, {.ca_pem = ours().pem()});
  REQUIRE(answer);
  CHECK(answer->body == "hello");
}

TEST_CASE("a certificate of another CA is refused in words") {
  const Authority other("other");
  const Identity identity = other.issue("IP:127.0.0.1");
  const ScriptedServer server({}, &identity);
  const auto answer = ask(server, {.ca_pem = ours().pem()});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Tls);
  CHECK(answer.error().message ==
        "the API server at 127.0.0.1:" + std::to_string(server.port()) +
            " cannot be trusted: its certificate is not signed by the kubeconfig's certificate-authority");
}

TEST_CASE("a certificate for other names is refused with the names") {
  const Identity identity = ours().issue("IP:10.0.0.1,DNS:kubernetes");
  const ScriptedServer server({}, &identity);
  const auto answer = ask(server, {.ca_pem = ours().pem()});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Tls);
  CHECK_THAT(answer.error().message,
             EndsWith("its certificate is for other names than 127.0.0.1 (it has: 10.0.0.1, kubernetes)"));
}

TEST_CASE("tls-server-name is verified instead of the host") {
  const Identity identity = ours().issue("DNS:kubernetes");
  const ScriptedServer server({{"GET", "/", {Send{response(200, "")}}}}, &identity);
  CHECK(ask(server, {.ca_pem = ours().pem(), .tls_server_name = "kubernetes"}));
  const auto refused = ask(server, {.ca_pem = ours().pem(), .tls_server_name = "elsewhere"});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, ContainsSubstring("other names than elsewhere"));
}

TEST_CASE("an expired certificate is refused with the time") {
  const Identity identity = ours().issue("IP:127.0.0.1", -1);
  const ScriptedServer server({}, &identity);
  const auto answer = ask(server, {.ca_pem = ours().pem()});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::Tls);
  CHECK_THAT(answer.error().message, ContainsSubstring("its certificate expired at 20"));
}

TEST_CASE("client certificate and key are used, and must belong together") {
  const Identity identity = ours().issue("IP:127.0.0.1");
  const Identity me = ours().issue("DNS:me");
  const Identity you = ours().issue("DNS:you");
  const ScriptedServer server({{"GET", "/", {Send{response(200, "")}}}}, &identity);
  CHECK(ask(server, {.ca_pem = ours().pem(), .client_cert_pem = me.certificate, .client_key_pem = me.key}));

  struct Case {
    http::ClientConfig config;
    std::string message;
  };
  const auto [config, message] = GENERATE_COPY(values<Case>({
      {{.ca_pem = ours().pem(), .client_cert_pem = me.certificate, .client_key_pem = you.key},
       "the client key does not belong to the client certificate"},
      {{.ca_pem = ours().pem(), .client_cert_pem = me.certificate, .client_key_pem = "x"},
       "the client key is not an unencrypted private key in PEM form"},
      {{.ca_pem = ours().pem(), .client_cert_pem = "x", .client_key_pem = me.key},
       "the client certificate is not a certificate in PEM form"},
      {{.ca_pem = "x"},
       "the kubeconfig's certificate-authority holds no certificate; one or more in PEM form are expected"},
  }));
  http::ClientConfig bad = to_api_server(config);
  bad.server = server.url();
  const auto transport = http::CpprestTransport::create(bad);
  REQUIRE_FALSE(transport);
  CHECK(transport.error().kind == ErrorKind::Invalid);
  CHECK(transport.error().message == message);
}

TEST_CASE(
    "a CA whose file is replaced counts for new connections, and one that is unusable changes nothing") {
  std::string pattern = (std::filesystem::temp_directory_path() / "curfew-ca-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(pattern.data());
  const auto replace_with = [&](const std::string& text) {
    std::ofstream(folder / "next") << text;
    std::filesystem::rename(folder / "next", folder / "ca.crt");
  };
  const Authority next("next");
  const Identity identity = next.issue("IP:127.0.0.1");
  replace_with(ours().pem());
  const Call answered{"GET", "/", {Send{response(200, "", "Connection: close\r\n")}, Close{}}};
  ScriptedServer server({answered, answered}, &identity);
  const auto transport = transport_to(
      server,
      {.ca_pem = ours().pem(), .ca_file = (folder / "ca.crt").string(), .ca_source = "the cluster's CA"});
  const auto is_refused = [&] {
    const auto answer = transport->send(get("/"), kTimeout, {});
    return !answer && answer.error().kind == ErrorKind::Tls &&
           answer.error().message.ends_with("not signed by the cluster's CA");
  };
  CHECK(is_refused());
  replace_with("half a certif");
  CHECK(is_refused());
  replace_with(ours().pem() + next.pem());
  CHECK(transport->send(get("/"), kTimeout, {}));
  std::filesystem::remove(folder / "ca.crt");
  CHECK(transport->send(get("/"), kTimeout, {}));
  replace_with(ours().pem());
  CHECK(is_refused());
  CHECK(server.trouble().empty());
  std::filesystem::remove_all(folder);
}

TEST_CASE("a watch works over TLS and is stopped within half a second") {
  const Identity identity = ours().issue("IP:127.0.0.1");
  const ScriptedServer server({{"GET", "/watch", {Send{chunked_head() + chunk("line\n")}, Hang{}}}},
                              &identity);
  const auto transport = transport_to(server, {.ca_pem = ours().pem()});
  StopWhenAsked stop(server, 1);
  const auto end = transport->stream(
      get("/watch"), [](std::string_view) { return true; }, std::chrono::seconds(90), stop.token());
  CHECK(stop.since_stop() < std::chrono::milliseconds(500));
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == ErrorKind::Cancelled);
}
