#pragma once

#include <sys/types.h>

#include <filesystem>

namespace curfew::bench {

// The processor time that a process of this machine has used, user and system, in seconds (resolution:
// 10 ms). Throws std::runtime_error if there is none.
double cpu_seconds_of(pid_t pid);

// Its resident memory, in MiB. Throws likewise.
double rss_mib_of(pid_t pid);

// By what tools/controlplane notes in `state`: the process of its API server, and etcd's port for clients.
pid_t api_server_of(const std::filesystem::path& state);
int etcd_port_of(const std::filesystem::path& state);

}  // namespace curfew::bench
