#include <algorithm>
#include <map>
#include <memory>

#include "cli/describe.hpp"
#include "cli/object_output.hpp"
#include "cli/verb.hpp"
#include "client/extend.hpp"
#include "client/follow.hpp"
#include "client/viewer.hpp"
#include "core/decide/review.hpp"
#include "core/describe.hpp"
#include "util/visible_text.hpp"

namespace curfew::cli {
namespace {

using client::Section;
using client::Viewer;
using Requests = std::vector<client::Read<api::AccessRequest>>;

struct Options {
  bool mine = false;
  bool to_decide = false;
  bool to_review = false;
  bool active = false;
  bool all_namespaces = false;
  bool watch = false;
  std::string output;
};

std::vector<Section> sections_of(const Options& options) {
  const bool every = !options.mine && !options.to_decide && !options.to_review && !options.active;
  std::vector<Section> result;
  if (every || options.to_decide) result.push_back(Section::ToDecide);
  if (every || options.to_review) result.push_back(Section::ToReview);
  if (every || options.mine) result.push_back(Section::Mine);
  if (every || options.active) result.push_back(Section::Active);
  return result;
}

Printable title_of(Section section) {
  switch (section) {
    case Section::ToDecide: return "TO DECIDE";
    case Section::ToReview: return "TO REVIEW";
    case Section::Mine: return "MINE";
    case Section::Active: break;
  }
  return "ACTIVE";
}

std::vector<std::string> headings(bool wide) {
  std::vector<std::string> result{"NAMESPACE", "NAME",      "PHASE", "POLICY", "ROLE",
                                  "SUBJECT",   "APPROVALS", "TIME",  "AGE"};
  if (wide) result.insert(result.end(), {"UID", "REASON", "MESSAGE"});
  return result;
}

std::string time_text(const api::AccessRequest& request, TimePoint now) {
  const auto& status = request.status;
  if (status.phase == api::Phase::Active && status.expires_at) return time_left(*status.expires_at, now);
  if (core::awaits_review(status))
    return now >= *status.review->due_at ? "review overdue"
                                         : "review: " + time_left(*status.review->due_at, now);
  return std::string(status.duration.empty() ? request.spec.duration : status.duration);
}

std::vector<Cell> row(const api::AccessRequest& request, TimePoint now, bool wide) {
  const auto& subject = request.status.subject;
  std::vector<Cell> cells{{place_text(request)},
                          {request.metadata.name},
                          {phase_text(request), colour_of(request)},
                          {std::string(request.spec.policy)},
                          {request.status.role_ref ? std::string(request.status.role_ref->name) : ""},
                          {subject                  ? std::string(subject->name)
                           : request.spec.requester ? std::string(request.spec.requester->username)
                                                    : ""},
                          {std::string(request.status.approvals)},
                          {time_text(request, now)},
                          {age(request.metadata.creation_timestamp, now)}};
  if (wide)
    cells.insert(cells.end(), {{short_uid(request.metadata.uid)},
                               {std::string(utf8::trimmed(request.spec.reason))},
                               {std::string(request.status.message)}});
  return cells;
}

void print_sections(const Invocation& run, const Options& options, const Viewer& viewer,
                    const Requests& requests) {
  const auto sections = sections_of(options);
  const bool wide = options.output == "wide";
  const Terminal& terminal = run.terminal;
  const auto now = run.session.clock->now();
  Printable text;
  std::vector<api::AccessRequest> shown;
  // A chain of extensions is one line, that of its last link, which has its end.
  const auto extended = client::extended_in(requests);
  for (const Section section : sections) {
    std::vector<std::vector<Cell>> rows;
    for (const auto& [request, _] : requests) {
      if (!client::is_in(section, viewer, request) || extended.contains(request.metadata.uid)) continue;
      rows.push_back(row(request, now, wide));
      shown.push_back(request);
    }
    if (sections.size() > 1)
      text += (text.empty() ? Printable() : Printable("\n")) +
              terminal.paint(Colour::Bold, title_of(section)) + "\n";
    const bool is_unknown = section == Section::ToDecide && viewer.policies_error;
    text += rows.empty() ? is_unknown ? Printable("not known\n") : Printable("none\n")
                         : table(terminal, headings(wide), rows);
  }
  run.session.remember(shown);
  terminal.print(text);
}

void print_objects(const Invocation& run, const Options& options, const Requests& requests) {
  std::vector<api::AccessRequest> shown;
  for (const auto& [request, _] : requests) shown.push_back(request);
  run.session.remember(shown);
  run.terminal.print(as_text(requests, options.output));
}

// Prints one line per change, like kubectl's --watch, until the watch fails.
[[noreturn]] void watch(const Invocation& run, const Options& options, const Viewer& viewer,
                        const std::string& ns) {
  const auto sections = sections_of(options);
  // What was last printed of each request: a status changes more often than the part that is shown.
  std::map<std::string, std::string> last;
  const auto take = [&](std::string_view type, const client::Read<api::AccessRequest>& read) {
    const auto& request = read.object;
    if (!client::is_in_any(sections, viewer, request) && !last.contains(request.metadata.uid)) return;
    const std::string line = type == "DELETED" ? "deleted"
                                               : phase_text(request) + std::string(request.status.approvals) +
                                                     std::string(request.status.message);
    if (last[request.metadata.uid] == line) return;
    last[request.metadata.uid] = line;
    auto cells = row(request, run.session.clock->now(), true);
    if (type == "DELETED") cells[2] = {"deleted", Colour::Faint};
    run.session.remember(std::vector{request});
    run.terminal.print(table(run.terminal, {}, {cells}));
  };
  throw ExitError(client::follow_requests(
      run.session, {.ns = ns, .fields = "", .labels = "", .is_cluster_scoped = run.session.is_cluster_wide},
      take));
}

Exit list(const Options& options, const Invocation& run) {
  if (options.watch && (options.output == "json" || options.output == "yaml"))
    throw ExitError(Exit::Usage, Printable("--watch prints lines: leave out -o ") + options.output);
  const Viewer viewer = must(client::viewer_of(run.session));
  if (viewer.policies_error)
    run.terminal.warn(
        Printable("You may not see the AccessPolicies, so what you could decide is not known: ") +
        viewer.policies_error->message + "\n");
  auto found = client::list_requests(run.session, viewer, sections_of(options), !options.all_namespaces);
  if (found.is_narrowed)
    run.terminal.warn(Printable("You may not list the requests of all namespaces: these are of ") + found.ns +
                      " (-n says another one).\n");
  const auto requests = must(std::move(found.requests));
  if (options.output == "json" || options.output == "yaml") {
    print_objects(run, options, requests);
  } else {
    print_sections(run, options, viewer, requests);
  }
  if (options.watch) watch(run, options, viewer, found.ns);
  return Exit::Done;
}

}  // namespace

Verb list_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "list",
      "What you asked for, what waits for your decision or review, what is active with the time that is left");
  command->add_flag("--mine", options->mine, "Only what you asked for, or would get");
  command->add_flag("--to-decide", options->to_decide, "Only what waits for you");
  command->add_flag("--to-review", options->to_review, "Only ended access that waits for your review");
  command->add_flag("--active", options->active, "Only what is active, whoever has it");
  command->add_flag("-A,--all-namespaces", options->all_namespaces,
                    "Of all namespaces, or nothing (default: of all that you may list)");
  command->add_flag("-w,--watch", options->watch,
                    "Go on, with a line for each change (of ClusterAccessRequests with --cluster-wide)");
  command->add_option("-o,--output", options->output, "wide, json or yaml")
      ->check(CLI::IsMember({"wide", "json", "yaml"}));
  return {command, [options](const Invocation& run) { return list(*options, run); }};
}

}  // namespace curfew::cli
