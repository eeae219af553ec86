#include "kube/kubeconfig.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "util/base64.hpp"

namespace curfew::kube {
namespace {

// Used only in this file: the problem without the file name, which parse_kubeconfig prepends.
struct Trouble : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string prefix_for(const std::filesystem::path& path) {
  return "kubeconfig " + path.string() + ": ";
}

// Replaces control characters: a name in quotes may contain anything that YAML can escape.
tl::unexpected<Error> refusal(std::string message) {
  std::replace_if(
      message.begin(), message.end(),
      [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, ' ');
  return fail(ErrorKind::Invalid, std::move(message));
}

std::string in_quotes(const std::string& text) {
  return "\"" + text + "\"";
}

std::optional<std::string> slurp(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (in.bad()) return std::nullopt;
  return text;
}

class Reader {
 public:
  Reader(std::string_view text, const FileReader& read_file, std::filesystem::path path)
      : read_file_(read_file), path_(std::move(path)) {
    try {
      root_ = YAML::Load(std::string(text));
    } catch (const YAML::Exception& error) {
      throw Trouble("is not YAML: line " + std::to_string(error.mark.line + 1) + ", column " +
                    std::to_string(error.mark.column + 1) + ": " + error.msg);
    }
    if (!root_.IsMap())
      throw Trouble("is not a kubeconfig: a YAML mapping with clusters, users and contexts is expected");
  }

  ClusterConfig read(const std::optional<std::string>& wanted) const {
    const std::string current = wanted ? *wanted : string(root_, "current-context", "");
    if (current.empty())
      throw Trouble("has no current-context; expected is the name of one of its contexts: " +
                    names("contexts"));
    const YAML::Node context =
        entry("contexts", "context", current, wanted ? "asked for" : "current-context");
    ClusterConfig config;
    config.peer = kApiServer;
    config.ca_source = kKubeconfigCa;
    const std::string in_context = "context " + in_quotes(current);
    read_cluster(entry("clusters", "cluster", required(context, "cluster", in_context), in_context), config);
    // A context without a user is anonymous, as for kubectl.
    const std::string user = string(context, "user", in_context);
    if (!user.empty()) read_user(entry("users", "user", user, in_context), "user " + in_quotes(user), config);
    config.ns = string(context, "namespace", in_context);
    return config;
  }

 private:
  static std::string string(const YAML::Node& node, const char* field, const std::string& where) {
    const YAML::Node value = node[field];
    if (!value || value.IsNull()) return {};
    if (!value.IsScalar()) throw Trouble((where.empty() ? "" : where + ": ") + field + " is not a text");
    return value.Scalar();
  }

  static std::string required(const YAML::Node& node, const char* field, const std::string& where) {
    std::string value = string(node, field, where);
    if (value.empty()) throw Trouble(where + " has no " + field);
    return value;
  }

  YAML::Node list(const char* name) const {
    const YAML::Node all = root_[name];
    if (!all || all.IsNull()) throw Trouble(std::string("has no ") + name + "; a list of them is expected");
    if (!all.IsSequence()) throw Trouble(std::string(name) + " is not a list");
    return all;
  }

  std::string names(const char* list_name) const {
    std::vector<std::string> all;
    for (const auto& item : list(list_name))
      if (item.IsMap()) all.push_back(in_quotes(string(item, "name", list_name)));
    return all.empty() ? "it has none" : fmt::format("{}", fmt::join(all, ", "));
  }

  // The contents of the named entry of `list_name`: {name: NAME, FIELD: {...}}.
  YAML::Node entry(const char* list_name, const char* field, const std::string& name,
                   const std::string& wanted_by) const {
    for (const auto& item : list(list_name)) {
      if (!item.IsMap())
        throw Trouble(std::string(list_name) + " has an entry that is not a mapping with name and " + field);
      if (string(item, "name", list_name) != name) continue;
      const YAML::Node contents = item[field];
      if (!contents || !contents.IsMap())
        throw Trouble(std::string(field) + " " + in_quotes(name) + " is not a mapping");
      return contents;
    }
    throw Trouble("has no " + std::string(field) + " " + in_quotes(name) + " (" + wanted_by +
                  "); it has: " + names(list_name));
  }

  void read_cluster(const YAML::Node& cluster, http::ClientConfig& config) const {
    const std::string where = "cluster";
    config.server = required(cluster, "server", where);
    if (!config.server.starts_with("https://") && !config.server.starts_with("http://"))
      throw Trouble("the cluster's server " + in_quotes(config.server) +
                    " is no address; expected is https://HOST[:PORT]");
    if (const std::string insecure = string(cluster, "insecure-skip-tls-verify", where); insecure == "true")
      throw Trouble(
          "sets insecure-skip-tls-verify, which would hand our credentials to whoever answers; use certificate-authority instead");
    if (!string(cluster, "proxy-url", where).empty())
      throw Trouble(
          "sets proxy-url, which is not supported; use a server address that can be reached directly");
    config.tls_server_name = string(cluster, "tls-server-name", where);
    config.ca_pem = pem(cluster, "certificate-authority", where);
    const bool is_inline = !string(cluster, "certificate-authority-data", where).empty();
    if (!is_inline && !config.ca_pem.empty())
      config.ca_file = absolute(string(cluster, "certificate-authority", where));
  }

  void read_user(const YAML::Node& user, const std::string& where, http::ClientConfig& config) const {
    for (const char* field : {"exec", "auth-provider"})
      if (user[field] && !user[field].IsNull())
        throw Trouble(
            where + " logs in through " + field +
            ", which is not supported; use tokenFile, token, or client-certificate and client-key instead");
    for (const char* field : {"username", "password", "as", "as-uid"})
      if (!string(user, field, where).empty())
        throw Trouble(
            where + " sets " + field +
            ", which is not supported; use tokenFile, token, or client-certificate and client-key instead");
    config.token = string(user, "token", where);
    if (const std::string file = string(user, "tokenFile", where); !file.empty())
      config.token_file = absolute(file);
    config.client_cert_pem = pem(user, "client-certificate", where);
    config.client_key_pem = pem(user, "client-key", where);
    if (config.client_cert_pem.empty() != config.client_key_pem.empty())
      throw Trouble(where + " has a " +
                    (config.client_key_pem.empty() ? "client-certificate without client-key"
                                                   : "client-key without client-certificate"));
  }

  // FIELD-data wins over FIELD, as for kubectl.
  std::string pem(const YAML::Node& node, const std::string& field, const std::string& where) const {
    const std::string data = field + "-data";
    if (const std::string encoded = string(node, data.c_str(), where); !encoded.empty()) {
      const auto decoded = decode_wrapped_base64(encoded);
      if (!decoded || decoded->find("-----BEGIN ") == std::string::npos)
        throw Trouble(where + ": " + data + " is not base64 of PEM");
      return *decoded;
    }
    const std::string file = string(node, field.c_str(), where);
    if (file.empty()) return {};
    const auto text = read_file_(absolute(file));
    if (!text) throw Trouble(where + ": " + field + " " + in_quotes(absolute(file)) + " cannot be read");
    if (text->find("-----BEGIN ") == std::string::npos)
      throw Trouble(where + ": " + field + " " + in_quotes(absolute(file)) + " is not PEM");
    return *text;
  }

  std::string absolute(const std::filesystem::path& file) const {
    return (std::filesystem::absolute(path_).parent_path() / file).lexically_normal().string();
  }

  const FileReader& read_file_;
  std::filesystem::path path_;
  YAML::Node root_;
};

}  // namespace

Result<ClusterConfig> load_kubeconfig(const std::filesystem::path& path,
                                      const std::optional<std::string>& context) {
  if (const auto text = slurp(path)) return parse_kubeconfig(*text, slurp, path, context);
  std::error_code error;
  const bool is_there = std::filesystem::exists(path, error);
  return refusal(prefix_for(path) +
                 (is_there ? "cannot be read; a kubeconfig file is expected" : "does not exist"));
}

Result<ClusterConfig> parse_kubeconfig(std::string_view text, const FileReader& read_file,
                                       const std::filesystem::path& path,
                                       const std::optional<std::string>& context) {
  const std::string prefix = prefix_for(path);
  try {
    return Reader(text, read_file, path).read(context);
  } catch (const Trouble& trouble) {
    return refusal(prefix + trouble.what());
  } catch (const std::exception& error) {
    // Other errors of yaml-cpp, for unexpected shapes; their messages name lines, never contents.
    return refusal(prefix + "is not a kubeconfig: " + error.what());
  }
}

Result<ClusterConfig> in_cluster_config(const std::filesystem::path& root) {
  const char* host = std::getenv(
      "KUBERNETES_SERVICE_HOST");  // NOLINT(concurrency-mt-unsafe): nobody sets the environment later
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");  // NOLINT(concurrency-mt-unsafe)
  if (host == nullptr || port == nullptr || *host == '\0' || *port == '\0')
    return fail(
        ErrorKind::Invalid,
        "not in a cluster: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; use --kubeconfig FILE outside of one");
  const std::filesystem::path ca = root / "ca.crt";
  const std::filesystem::path token = root / "token";
  const auto ca_pem = slurp(ca);
  if (!ca_pem || ca_pem->find("-----BEGIN ") == std::string::npos)
    return fail(ErrorKind::Invalid, ca.string() + (ca_pem ? " is not PEM" : " cannot be read") +
                                        "; the Pod's ServiceAccount is expected to be mounted there");
  if (!slurp(token))
    return fail(ErrorKind::Invalid,
                token.string() + " cannot be read; the Pod's ServiceAccount is expected to be mounted there");
  ClusterConfig config;
  config.peer = kApiServer;
  const bool is_v6 = std::string_view(host).find(':') != std::string_view::npos;
  config.server = std::string("https://") + (is_v6 ? "[" : "") + host + (is_v6 ? "]:" : ":") + port;
  config.ca_pem = *ca_pem;
  config.ca_file = ca.string();
  config.ca_source = "the cluster's CA (" + ca.string() + ")";
  config.token_file = token.string();
  if (auto ns = slurp(root / "namespace")) {
    while (!ns->empty() && (ns->back() == '\n' || ns->back() == ' ')) ns->pop_back();
    config.ns = *ns;
  }
  return config;
}

}  // namespace curfew::kube
