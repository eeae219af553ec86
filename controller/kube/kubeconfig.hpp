#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/client_config.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// How to reach the API server of a cluster.
struct ClusterConfig : http::ClientConfig {
  std::string ns;  // namespace of the context or of the Pod; empty: none given
};

// The names of the API server, and of the CAs of a kubeconfig, in messages.
inline constexpr std::string_view kApiServer = "the API server";
inline constexpr std::string_view kKubeconfigCa = "the kubeconfig's certificate-authority";

// Reads a kubeconfig: the named context, or its current-context. Also reads the files that it names, relative
// to its directory. Every error is Invalid, with one line: the file, the problem and what is expected; never
// key material.
Result<ClusterConfig> load_kubeconfig(const std::filesystem::path& path,
                                      const std::optional<std::string>& context = std::nullopt);

// The contents of a file; nullopt if it cannot be read.
using FileReader = std::function<std::optional<std::string>(const std::filesystem::path&)>;

// Like load_kubeconfig(), from its text, reading files with `read_file`; `path` is its (assumed) location.
Result<ClusterConfig> parse_kubeconfig(std::string_view text, const FileReader& read_file,
                                       const std::filesystem::path& path,
                                       const std::optional<std::string>& context = std::nullopt);

// Uses the Pod's ServiceAccount, and KUBERNETES_SERVICE_HOST and _PORT from the environment.
Result<ClusterConfig> in_cluster_config(
    const std::filesystem::path& root = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace curfew::kube
