#include "watcher.hpp"

#include <cstdio>
#include <stdexcept>

#include "kube/line_decoder.hpp"

namespace curfew::bench {
namespace {

using namespace std::chrono_literals;

TimePoint wall() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace

Watcher::Watcher(Caller& caller, std::string_view plural, const std::string& ns) {
  const Json list = caller.get(path_of(plural, ns) + "?limit=1");
  const auto version = list.at("metadata").at("resourceVersion").get<std::string>();
  thread_ = std::jthread([this, &caller, kind = std::string(plural), ns,
                          version](const std::stop_token& stop) { run(caller, kind, ns, version, stop); });
}

Watcher::~Watcher() = default;

void Watcher::run(Caller& caller, const std::string& plural, const std::string& ns,
                  const std::string& version, const std::stop_token& stop) {
  const kube::Resource resource{
      .path = path_of(plural).substr(0, path_of(plural).rfind('/')), .plural = plural, .kind = {}};
  const auto hear = [&](std::string_view line) {
    const auto event = kube::decode_line(line);
    const Seen seen{.steady = Steady::now(), .wall = wall()};
    if (!event || event->type == kube::EventType::Bookmark || event->type == kube::EventType::Error)
      return true;
    const Json& metadata = event->object.at("metadata");
    const auto name = metadata.at("name").get<std::string>();
    const std::scoped_lock lock(mutex_);
    if (event->type == kube::EventType::Added) added_.emplace(name, seen);
    if (event->type == kube::EventType::Modified) modified_.emplace(name, seen);
    if (event->type == kube::EventType::Deleted) {
      deleted_.emplace(name, seen);
      const std::string end =
          metadata.value("annotations", Json::object()).value("curfew.dev/expires-at", "");
      if (const auto time = parse_rfc3339(end)) ends_.emplace(name, *time);
    }
    changed_.notify_all();
    return true;
  };
  const auto ended = caller.client().watch(resource, {.ns = ns, .labels = {}, .fields = {}},
                                           {.resource_version = version, .timeout = 1h}, hear, 1h, stop);
  if (!ended && ended.error().kind != ErrorKind::Cancelled)
    std::fprintf(stderr, "curfew_bench: a watch of %s broke off: %s\n", plural.c_str(),
                 ended.error().message.c_str());
}

Seen Watcher::await(const Times& times, const std::string& name) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, 60s, [&] { return times.contains(name); }))
    throw std::runtime_error("the watch has not told of " + name + " within a minute");
  return times.at(name);
}

std::vector<Seen> Watcher::await_all(const Times& times, std::size_t count, std::chrono::seconds patience) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, patience, [&] { return times.size() >= count; })) {
    throw std::runtime_error("the watch has told of " + std::to_string(times.size()) + " of " +
                             std::to_string(count) + " within " + std::to_string(patience.count()) + " s");
  }
  std::vector<Seen> all;
  for (const auto& [name, seen] : times) all.push_back(seen);
  return all;
}

std::map<std::string, Seen> Watcher::deleted() const {
  const std::scoped_lock lock(mutex_);
  return deleted_;
}

std::map<std::string, TimePoint> Watcher::ends() const {
  const std::scoped_lock lock(mutex_);
  return ends_;
}

}  // namespace curfew::bench
