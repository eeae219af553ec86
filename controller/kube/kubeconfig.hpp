#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "http/client_config.hpp"
#include "util/result.hpp"

namespace curfew::kube {

// Reads a kubeconfig: the named context, or its current-context. Files it names are read too, relative to its folder. Every error is Invalid
// and one line: the file, what is wrong with it, what is expected; never key material.
Result<http::ClientConfig> load_kubeconfig(const std::filesystem::path& path, const std::optional<std::string>& context = std::nullopt);

// A Pod's own ServiceAccount, and KUBERNETES_SERVICE_HOST and _PORT from the environment.
Result<http::ClientConfig> in_cluster_config(const std::filesystem::path& root = "/var/run/secrets/kubernetes.io/serviceaccount");

}  // namespace curfew::kube
