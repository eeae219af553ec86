#include "client/seen_requests.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <span>
#include <thread>

namespace curfew::client {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxFileBytes = std::size_t{2} << 20U;
constexpr std::size_t kMaxTextBytes = 1024;

struct Entry {
  std::string cluster;
  std::string request;  // NAMESPACE/NAME
  std::string uid;
};

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_;
};

// Keeps concurrent commands from losing each other's entries; after 100 ms without the lock, entries may be
// lost.
void lock(const Descriptor& folder) {
  constexpr int kTries = 20;
  for (int i = 0; i < kTries && folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
}

// The content of a regular file that this person owns and no other user may write; empty otherwise.
std::string content_of(const std::filesystem::path& file) {
  const Descriptor in(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info{};
  if (!in || ::fstat(in.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid() ||
      (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "";
  if (info.st_size < 0 || static_cast<std::size_t>(info.st_size) > kMaxFileBytes) return "";
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  const auto got = ::read(in.get(), text.data(), text.size());
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

std::optional<std::string> text_of(const json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_string() ||
      found->get_ref<const std::string&>().size() > kMaxTextBytes)
    return std::nullopt;
  return found->get<std::string>();
}

std::vector<Entry> read(const std::filesystem::path& file) {
  const json root = json::parse(content_of(file), nullptr, false);
  std::vector<Entry> entries;
  if (!root.is_object() || !root.contains("seen") || !root["seen"].is_array()) return entries;
  for (const json& one : root["seen"]) {
    if (!one.is_object()) continue;
    auto cluster = text_of(one, "cluster");
    auto request = text_of(one, "request");
    auto uid = text_of(one, "uid");
    if (cluster && request && uid && !uid->empty())
      entries.push_back({std::move(*cluster), std::move(*request), std::move(*uid)});
  }
  return entries;
}

// Atomic: writes a new file and renames it over the old one.
void write(const std::filesystem::path& file, const std::vector<Entry>& entries) {
  json seen = json::array();
  for (const Entry& entry : entries)
    seen.push_back({{"cluster", entry.cluster}, {"request", entry.request}, {"uid", entry.uid}});
  const std::string text =
      json{{"seen", std::move(seen)}}.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  std::string temporary = file.string() + ".XXXXXX";
  const Descriptor out(::mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (!out) return;
  const bool is_whole = ::write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (!is_whole || ::rename(temporary.c_str(), file.c_str()) != 0) ::unlink(temporary.c_str());
}

}  // namespace

std::filesystem::path SeenRequests::default_file() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::filesystem::path folder;
  // A relative path is to be ignored (XDG base directory specification).
  if (cache != nullptr && *cache == '/') {
    folder = cache;
  } else if (home != nullptr && *home == '/') {
    folder = std::filesystem::path(home) / ".cache";
  }
  return folder.empty() ? folder : folder / "kubectl-curfew" / "seen.json";
}

void SeenRequests::remember(const std::string& cluster, const std::vector<SeenRequest>& requests) const {
  if (file_.empty()) return;
  std::error_code ignored;
  std::filesystem::create_directories(file_.parent_path().parent_path(), ignored);
  ::mkdir(file_.parent_path().c_str(), S_IRWXU);
  const Descriptor folder(::open(file_.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return;
  lock(folder);
  auto entries = read(file_);
  bool is_changed = false;
  for (const auto& request : std::span(requests).first(std::min(requests.size(), kMaxEntries))) {
    const std::string name = to_string(request.key);
    const auto known = std::ranges::find_if(
        entries, [&](const Entry& entry) { return entry.cluster == cluster && entry.request == name; });
    if (known != entries.end() && known->uid == request.uid) continue;
    if (known != entries.end()) entries.erase(known);
    entries.push_back({cluster, name, request.uid});
    is_changed = true;
  }
  if (!is_changed) return;
  if (entries.size() > kMaxEntries) entries.erase(entries.begin(), entries.end() - kMaxEntries);
  write(file_, entries);
}

std::optional<std::string> SeenRequests::uid_of(const std::string& cluster, const api::ObjectKey& key) const {
  if (file_.empty()) return std::nullopt;
  const auto entries = read(file_);
  const auto found = std::ranges::find_if(entries.rbegin(), entries.rend(), [&](const Entry& entry) {
    return entry.cluster == cluster && entry.request == to_string(key);
  });
  return found == entries.rend() ? std::nullopt : std::optional(found->uid);
}

}  // namespace curfew::client
