#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

namespace curfew::http {

// Identifies the version of a file that was read: kubelet replaces files (new inode), people edit them in
// place.
class FileVersion {
 public:
  // nullopt if stat() fails; errno holds the reason.
  static std::optional<FileVersion> of(const std::string& path) {
    struct stat seen{};
    if (::stat(path.c_str(), &seen) != 0) return std::nullopt;
    return FileVersion(seen);
  }

  bool operator==(const FileVersion& other) const {
    return seen_.st_ino == other.seen_.st_ino && seen_.st_dev == other.seen_.st_dev &&
           seen_.st_size == other.seen_.st_size && seen_.st_mtim.tv_sec == other.seen_.st_mtim.tv_sec &&
           seen_.st_mtim.tv_nsec == other.seen_.st_mtim.tv_nsec;
  }

 private:
  explicit FileVersion(const struct stat& seen) : seen_(seen) {}
  struct stat seen_;
};

}  // namespace curfew::http
