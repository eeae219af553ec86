#include "storm_audit.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

namespace curfew::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

constexpr seconds kPromptly{1};
constexpr seconds kFollowerDelay{2};  // for replicas that do not lead
constexpr int kCallerGone = 504;      // logged if the caller disappears: the call may have succeeded
// The delete is issued within the last second; a backlog may need a little more.
constexpr seconds kTooEarly{3};

TimePoint time_in(const Json& object, const char* field) {
  return parse_rfc3339(object.value(field, "")).value_or(TimePoint{});
}

long long version_of(const Json& object) {
  return std::stoll(object["metadata"].value("resourceVersion", "0"));
}

std::string joined(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all.empty() ? "nothing" : all;
}

std::string in_words(milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

milliseconds between(TimePoint from, TimePoint to) {
  return std::chrono::floor<milliseconds>(to - from);
}

// What is in `all` and not in `some`, each as often as it is missing.
Texts without(Texts all, Texts some) {
  Texts rest;
  std::ranges::sort(all);
  std::ranges::sort(some);
  std::ranges::set_difference(all, some, std::back_inserter(rest));
  return rest;
}

template <class Key>
Texts actions_by(std::vector<Json> records, Key key) {
  std::ranges::stable_sort(records, {}, key);
  Texts actions;
  for (const Json& record : records) actions.push_back(record.value("action", ""));
  return actions;
}

// The evidence of one request.
struct File {
  std::optional<Json> request;
  std::vector<Json> records;
  std::optional<Json> binding;

  std::optional<Json> granted() const {
    const auto found = std::ranges::find_if(
        records, [](const Json& record) { return record.value("action", "") == "Granted"; });
    return found == records.end() ? std::nullopt : std::optional(*found);
  }
};

// Calls of one kind on one object.
struct Calls {
  int worked = 0;
  std::optional<TimePoint> first_that_worked;
  std::optional<TimePoint> first_unknown;

  void add(TimePoint time, bool has_worked) {
    worked += has_worked ? 1 : 0;
    auto& first = has_worked ? first_that_worked : first_unknown;
    first = std::min(first.value_or(time), time);
  }
  // When it took effect. If no call certainly succeeded, one with an unknown result did.
  std::optional<TimePoint> effect() const { return first_that_worked ? first_that_worked : first_unknown; }
};
using CallsByName = std::map<std::string, Calls>;

class Auditor {
 public:
  Auditor(const Evidence& evidence, const Outages& outages) : outages_(outages) {
    for (const Json& request : evidence.requests) files_[request["metadata"]["name"]].request = request;
    for (const Json& record : evidence.records) files_[record["request"]["name"]].records.push_back(record);
    for (const Json& binding : evidence.bindings) bindings_.emplace(binding["metadata"]["name"], binding);
    for (const Json& call : evidence.calls) read(call);
  }

  Report report(const std::vector<Expected>& expected) {
    std::set<std::string> known;
    for (const Expected& each : expected) {
      known.insert(each.name);
      name_ = each.name;
      const File file = files_[each.name];
      check_settled(each, file);
      check_records(each, file);
      if (const auto granted = file.granted()) check_grant(each, file, *granted);
    }
    for (const auto& [name, file] : files_) {
      name_ = name;
      if (!known.contains(name)) wrong("nobody asked for it");
    }
    name_ = "no request";
    for (const auto& [name, binding] : bindings_) wrong("there is still the binding " + name);
    for (const auto& [name, calls] : bindings_made_) {
      if (calls.effect() && !granted_bindings_.contains(name))
        wrong("the binding " + name + " was made without a record");
    }
    return std::move(report_);
  }

 private:
  void read(const Json& call) {
    const Json object = call.value("objectRef", Json::object());
    const int code = call.value("responseStatus", Json::object()).value("code", 0);
    const bool has_worked = code >= 200 && code <= 299;
    if (!has_worked && code != kCallerGone) return;
    const std::string what = call.value("verb", "") + " " + object.value("resource", "");
    const std::string name = object.value("name", "");
    const TimePoint time = time_in(call, "stageTimestamp");
    if (what == "create rolebindings" && name.starts_with("curfew-"))
      bindings_made_[name].add(time, has_worked);
    if (what == "delete rolebindings") bindings_deleted_[name].add(time, has_worked);
    if (what == "create auditrecords") records_made_[name].add(time, has_worked);
  }

  void wrong(const std::string& what) { report_.wrong.push_back(name_ + ": " + what); }

  void check_settled(const Expected& expected, const File& file) {
    if (!file.request) {
      if (!expected.is_deleted) wrong("it is gone");
      return;
    }
    if (expected.is_deleted) return wrong("it was deleted, and is still there");
    const Json status = file.request->value("status", Json::object());
    if (status.value("complete", false) && status.value("phase", "") == expected.actions.back()) return;
    ++report_.stuck;
    wrong("stuck: " + status.dump());
  }

  void check_records(const Expected& expected, const File& file) {
    const Texts by_time =
        actions_by(file.records, [](const Json& record) { return time_in(record, "time"); });
    const Texts by_version = actions_by(file.records, version_of);
    Texts actions = expected.actions;
    const bool has_usual_end = std::ranges::find(by_time, actions.back()) != by_time.end();
    if (!has_usual_end && !expected.or_end.empty()) actions.back() = expected.or_end;
    const Texts lost = without(actions, by_time);
    const Texts surplus = without(by_time, actions);
    report_.lost_records += static_cast<int>(lost.size());
    report_.surplus_records += static_cast<int>(surplus.size());
    if (!lost.empty())
      wrong("records that are missing: " + joined(lost) + "; there are: " + joined(by_version));
    if (!surplus.empty())
      wrong("records too many: " + joined(surplus) + "; there are: " + joined(by_version));
    if (!lost.empty() || !surplus.empty()) return;
    if (by_time == actions && by_version == actions) return;
    ++report_.unordered;
    wrong("records out of order: by time " + joined(by_time) + "; as written " + joined(by_version));
  }

  void check_grant(const Expected& expected, const File& file, const Json& granted) {
    const std::string binding = "curfew-" + granted["request"].value("uid", "");
    granted_bindings_.insert(binding);
    const Calls made = bindings_made_[binding];
    if (!made.effect()) return;  // its time was over before the binding could be created
    if (made.worked > 1) wrong("its binding was made " + std::to_string(made.worked) + " times");
    const auto recorded = records_made_[granted["metadata"]["name"]].effect();
    if (!recorded || *recorded < *made.effect()) wrong("its record Granted was made before its binding");
    for (const Json& record : file.records) {
      const std::string action = record.value("action", "");
      if (action != "Requested" && action != "Approved") continue;
      const auto written = records_made_[record["metadata"]["name"]].effect();
      if (!written || *written > *made.effect()) wrong("its binding was made before its record " + action);
    }
    const TimePoint end = time_in(granted, "expiresAt");
    if (*made.effect() > end)
      wrong("its binding was made " + in_words(between(end, *made.effect())) + " after its end");
    const auto deleted = bindings_deleted_[binding].effect();
    if (!deleted) return wrong("nobody deleted its binding");
    if (expected.runs_out) check_end(end, *deleted);
  }

  void check_end(TimePoint end, TimePoint deleted) {
    const milliseconds late = between(end, deleted);
    (outages_.trouble(end) ? report_.troubled : report_.calm).push_back(late);
    if (deleted < end - kTooEarly) wrong("its binding was deleted " + in_words(-late) + " before its end");
    if (deleted <= outages_.latest(end)) return;
    ++report_.late;
    wrong("late: its binding was deleted " + in_words(late) + " after its end " + format_rfc3339(end) + ", " +
          in_words(between(outages_.latest(end), deleted)) + " later than outages excuse");
  }

  const Outages& outages_;
  std::map<std::string, File> files_;  // by the request's name
  std::map<std::string, Json> bindings_;
  CallsByName bindings_made_;
  CallsByName bindings_deleted_;
  CallsByName records_made_;
  std::set<std::string> granted_bindings_;
  std::string name_;
  Report report_;
};

// When a replica with those outages has been healthy for a second, counted from `time` at the earliest.
TimePoint well_by(std::vector<Span> spans, TimePoint time) {
  std::ranges::sort(spans, {}, &Span::from);
  TimePoint by = time + kPromptly;
  for (const Span& span : spans) {
    if (span.from < by && span.until > by - kPromptly) by = span.until + kPromptly;
  }
  return by;
}

}  // namespace

bool Outages::disturb(TimePoint end) const {
  const auto is_near = [&](const Span& span) {
    return span.from <= end + kPromptly && span.until + takeover_ >= end;
  };
  return std::ranges::any_of(of_replica_,
                             [&](const auto& spans) { return std::ranges::any_of(spans, is_near); });
}

bool Outages::trouble(TimePoint end) const {
  const auto covers = [&](const Span& span) {
    return span.from <= end + kPromptly && span.until >= end - kPromptly;
  };
  return disturb(end) || std::ranges::any_of(troubles_, covers);
}

TimePoint Outages::latest(TimePoint end) const {
  const TimePoint due = disturb(end) ? end + kFollowerDelay : end;
  TimePoint first = TimePoint::max();
  for (const auto& spans : of_replica_) first = std::min(first, well_by(spans, due));
  return first;
}

Report audit(const std::vector<Expected>& expected, const Evidence& evidence, const Outages& outages) {
  return Auditor(evidence, outages).report(expected);
}

std::string percentiles(std::vector<milliseconds> times) {
  if (times.empty()) return "none";
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return in_words(times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))]);
  };
  return "p50 " + at(0.5) + ", p90 " + at(0.9) + ", p99 " + at(0.99) + ", max " + at(1) + " (of " +
         std::to_string(times.size()) + ")";
}

std::string Report::text() const {
  std::ostringstream out;
  out << "deleted after expiresAt: " << percentiles(calm)
      << "\n  in and after faults and restarts: " << percentiles(troubled) << "\nstuck: " << stuck
      << ", records lost: " << lost_records << ", too many: " << surplus_records
      << ", out of order: " << unordered << ", late beyond the outage: " << late;
  for (const std::string& each : wrong) out << "\n  " << each;
  return out.str();
}

}  // namespace curfew::test
