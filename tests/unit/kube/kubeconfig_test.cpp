#include "kube/kubeconfig.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace curfew;
using namespace curfew::kube;

namespace {

// A temporary folder with files that a kubeconfig can refer to.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "curfew-kubeconfig-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

const std::string kPem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const std::string kPemBase64 =
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCkFBQUEKLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";

std::string config_with(const std::string& cluster, const std::string& user,
                        const std::string& top = "current-context: here") {
  return "apiVersion: v1\nkind: Config\n" + top + "\nclusters:\n- {name: c, cluster: {" + cluster +
         "}}\nusers:\n- {name: u, user: {" + user +
         "}}\ncontexts:\n- {name: here, context: {cluster: c, user: u, namespace: payments}}\n- {name: lost, context: {cluster: gone, user: u}}\n";
}

const std::string kServer = "server: 'https://127.0.0.1:6443'";

}  // namespace

TEST_CASE("a kubeconfig with data inside is read") {
  const Folder folder;
  const auto path = folder.write(
      "config",
      config_with(
          kServer + ", tls-server-name: kubernetes, certificate-authority-data: " + kPemBase64,
          "client-certificate-data: " + kPemBase64 + ", client-key-data: " + kPemBase64 + ", token: t"));
  const auto config = load_kubeconfig(path);
  REQUIRE(config);
  CHECK(config->server == "https://127.0.0.1:6443");
  CHECK(config->tls_server_name == "kubernetes");
  CHECK(config->ca_pem == kPem);
  CHECK(config->ca_file.empty());
  CHECK(config->client_cert_pem == kPem);
  CHECK(config->client_key_pem == kPem);
  CHECK(config->token == "t");
  CHECK(config->ns == "payments");
}

TEST_CASE("messages name the API server, and the CA by where it comes from") {
  const Folder folder;
  const auto config = load_kubeconfig(folder.write("config", config_with(kServer, "token: t")));
  REQUIRE(config);
  CHECK(config->peer == "the API server");
  CHECK(config->ca_source == "the kubeconfig's certificate-authority");
}

TEST_CASE("a kubeconfig's files are looked for beside it") {
  const Folder folder;
  folder.write("ca.crt", kPem);
  folder.write("me.crt", kPem + "1");
  const auto key = folder.write("me.key", kPem + "2");
  const auto path = folder.write(
      "config",
      config_with(kServer + ", certificate-authority: ca.crt",
                  "client-certificate: ./me.crt, client-key: " + key.string() + ", tokenFile: sub/../token"));
  const auto config = load_kubeconfig(path);
  REQUIRE(config);
  CHECK(config->ca_pem == kPem);
  CHECK(config->ca_file == (folder.path() / "ca.crt").string());
  CHECK(config->client_cert_pem == kPem + "1");
  CHECK(config->client_key_pem == kPem + "2");
  CHECK(config->token_file == (folder.path() / "token").string());
}

TEST_CASE("a context is chosen by name") {
  const Folder folder;
  const auto path = folder.write("config", R"({"apiVersion":"v1","current-context":"one",
    "clusters":[{"name":"a","cluster":{"server":"https://a"}},{"name":"b","cluster":{"server":"https://b"}}],
    "users":[{"name":"x","user":{"token":"tx"}},{"name":"y","user":{"token":"ty"}}],
    "contexts":[{"name":"one","context":{"cluster":"a","user":"x"}},{"name":"two","context":{"cluster":"b","user":"y"}},{"name":"anonymous","context":{"cluster":"b"}}]})");
  CHECK(load_kubeconfig(path)->server == "https://a");
  CHECK(load_kubeconfig(path)->token == "tx");
  CHECK(load_kubeconfig(path, "two")->server == "https://b");
  CHECK(load_kubeconfig(path, "two")->token == "ty");
  CHECK(load_kubeconfig(path, "anonymous")->token.empty());
}

TEST_CASE("a kubeconfig that cannot be used is refused in one line that says what is expected") {
  struct Case {
    std::string text;
    std::string message;
  };
  const auto [text, message] = GENERATE(values<Case>({
      {"", "is not a kubeconfig: a YAML mapping with clusters, users and contexts is expected"},
      {"just a text", "is not a kubeconfig: a YAML mapping with clusters, users and contexts is expected"},
      {"- a\n- list", "is not a kubeconfig: a YAML mapping with clusters, users and contexts is expected"},
      {"a: [1, 2", "is not YAML: line 1, column 1: end of sequence flow not found"},
      {"a: 1", "has no contexts; a list of them is expected"},
      {"contexts: 1", "contexts is not a list"},
      {"current-context: [1]", "current-context is not a text"},
      {config_with(kServer, "", "a: b"),
       R"(has no current-context; expected is the name of one of its contexts: "here", "lost")"},
      {config_with(kServer, "", "current-context: nope"),
       R"(has no context "nope" (current-context); it has: "here", "lost")"},
      {config_with(kServer, "", "current-context: lost"),
       R"(has no cluster "gone" (context "lost"); it has: "c")"},
      {config_with("", ""), "cluster has no server"},
      {config_with("server: '127.0.0.1:6443'", ""),
       R"(the cluster's server "127.0.0.1:6443" is no address; expected is https://HOST[:PORT])"},
      {config_with(kServer + ", insecure-skip-tls-verify: true", ""),
       "sets insecure-skip-tls-verify, which would hand our credentials to whoever answers; use certificate-authority instead"},
      {config_with(kServer + ", proxy-url: 'http://p'", ""),
       "sets proxy-url, which is not supported; use a server address that can be reached directly"},
      {config_with(kServer + ", certificate-authority-data: '%%%'", ""),
       "cluster: certificate-authority-data is not base64 of PEM"},
      {config_with(kServer + ", certificate-authority-data: aGVsbG8=", ""),
       "cluster: certificate-authority-data is not base64 of PEM"},
      {config_with(kServer + ", certificate-authority: /nowhere/ca.crt", ""),
       R"(cluster: certificate-authority "/nowhere/ca.crt" cannot be read)"},
      {config_with(kServer, "exec: {command: aws}"),
       R"(user "u" logs in through exec, which is not supported; use tokenFile, token, or client-certificate and client-key instead)"},
      {config_with(kServer, "auth-provider: {name: oidc}"),
       R"(user "u" logs in through auth-provider, which is not supported; use tokenFile, token, or client-certificate and client-key instead)"},
      {config_with(kServer, "username: admin, password: secret"),
       R"(user "u" sets username, which is not supported; use tokenFile, token, or client-certificate and client-key instead)"},
      {config_with(kServer, "client-certificate-data: " + kPemBase64),
       R"(user "u" has a client-certificate without client-key)"},
      {config_with(kServer, "client-key-data: " + kPemBase64),
       R"(user "u" has a client-key without client-certificate)"},
      {config_with(kServer, "token: {a: b}"), R"(user "u": token is not a text)"},
      {config_with(kServer, "client-key-data: c2VjcmV0"),
       R"(user "u": client-key-data is not base64 of PEM)"},
  }));
  const Folder folder;
  const auto path = folder.write("config", text);
  const auto config = load_kubeconfig(path);
  REQUIRE_FALSE(config);
  CHECK(config.error().kind == ErrorKind::Invalid);
  CHECK(config.error().message == "kubeconfig " + path.string() + ": " + message);
}

TEST_CASE("a kubeconfig that is not there, or a folder, is said so") {
  const Folder folder;
  const auto missing = folder.path() / "none";
  REQUIRE_FALSE(load_kubeconfig(missing));
  CHECK(load_kubeconfig(missing).error().message == "kubeconfig " + missing.string() + ": does not exist");
  REQUIRE_FALSE(load_kubeconfig(folder.path()));
  CHECK(load_kubeconfig(folder.path()).error().message ==
        "kubeconfig " + folder.path().string() + ": cannot be read; a kubeconfig file is expected");
}

TEST_CASE("a Pod's ServiceAccount is read from its folder and the environment") {
  const Folder folder;
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  REQUIRE_FALSE(in_cluster_config(folder.path()));
  CHECK(
      in_cluster_config(folder.path()).error().message ==
      "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; use --kubeconfig FILE outside of one");
  ::setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
  ::setenv("KUBERNETES_SERVICE_PORT", "443", 1);
  CHECK(in_cluster_config(folder.path()).error().message ==
        (folder.path() / "ca.crt").string() +
            " cannot be read; the Pod's ServiceAccount is expected to be mounted there");
  folder.write("ca.crt", kPem);
  folder.write("token", "t");
  folder.write("namespace", "curfew-system\n");
  const auto config = in_cluster_config(folder.path());
  REQUIRE(config);
  CHECK(config->server == "https://[fd00::1]:443");
  CHECK(config->ca_pem == kPem);
  CHECK(config->ca_file == (folder.path() / "ca.crt").string());
  CHECK(config->token_file == (folder.path() / "token").string());
  CHECK(config->ns == "curfew-system");
  CHECK(config->peer == "the API server");
  CHECK(config->ca_source == "the cluster's CA (" + (folder.path() / "ca.crt").string() + ")");
  ::unsetenv("KUBERNETES_SERVICE_HOST");
  ::unsetenv("KUBERNETES_SERVICE_PORT");
}

TEST_CASE("an error is one line whatever the names in it hold") {
  const auto nothing = [](const std::filesystem::path&) -> std::optional<std::string> {
    return std::nullopt;
  };
  const auto config =
      parse_kubeconfig("current-context: \"a\\nb\\r\\0\"\ncontexts: []\n", nothing, "/nowhere/config");
  REQUIRE_FALSE(config);
  CHECK(config.error().message.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos);
}
