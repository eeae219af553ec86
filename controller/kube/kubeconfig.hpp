#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "http/client_config.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// Reads a kubeconfig: the named context, or its current-context. Files it names are read too, relative to its
// folder. Every error is Invalid and one line: the file, what is wrong with it, what is expected; never key
// material.
Result<http::ClientConfig> load_kubeconfig(const std::filesystem::path& path,
                                           const std::optional<std::string>& context = std::nullopt);

// The contents of a file; nullopt where it cannot be read.
using FileReader = std::function<std::optional<std::string>(const std::filesystem::path&)>;

// The same from its text, with the files that it names from `read_file`; `path` is where it stands, or would.
Result<http::ClientConfig> parse_kubeconfig(std::string_view text, const FileReader& read_file,
                                            const std::filesystem::path& path,
                                            const std::optional<std::string>& context = std::nullopt);

// A Pod's own ServiceAccount, and KUBERNETES_SERVICE_HOST and _PORT from the environment.
Result<http::ClientConfig> in_cluster_config(
    const std::filesystem::path& root = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace curfew::kube
