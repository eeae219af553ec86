#include <algorithm>
#include <memory>

#include "cli/describe.hpp"
#include "cli/session.hpp"
#include "core/describe.hpp"
#include "core/identity.hpp"
#include "util/clock.hpp"

namespace curfew::cli {
namespace {

struct Options {
  bool mine = false;
  bool to_decide = false;
  bool active = false;
  bool all_namespaces = false;
  bool watch = false;
  std::string output;
};

using Requests = std::vector<client::Read<api::AccessRequest>>;

// One person's view of the requests.
struct View {
  api::Person me;
  std::map<std::string, api::AccessPolicy, std::less<>> policies;
  bool sees_policies = true;  // false: this person may not list policies, so requests to decide are unknown

  bool is_mine(const api::AccessRequest& request) const {
    const auto& username = me.username;
    const bool asked = request.spec.requester && request.spec.requester->username == username;
    const auto& subject = request.status.subject ? request.status.subject : request.spec.subject;
    return asked ||
           (subject && subject->kind != "Group" && core::username_of(*subject) == std::string(username));
  }

  bool is_to_decide(const api::AccessRequest& request) const {
    const auto policy = policies.find(std::string(request.spec.policy));
    const bool waits = !request.status.phase || request.status.phase == api::Phase::Pending;
    if (!waits || policy == policies.end() || core::approval_denial(request, policy->second, me))
      return false;
    return std::ranges::none_of(request.decisions, [&](const api::Decision& said) {
      return said.verdict == api::Verdict::Approve && said.person.username == me.username;
    });
  }
};

struct Section {
  std::string title;
  std::function<bool(const View&, const api::AccessRequest&)> takes;
  bool needs_policies = false;
};

std::vector<Section> sections_of(const Options& options) {
  const bool every = !options.mine && !options.to_decide && !options.active;
  std::vector<Section> result;
  if (every || options.to_decide)
    result.push_back({"TO DECIDE",
                      [](const View& view, const auto& request) { return view.is_to_decide(request); },
                      true});
  if (every || options.mine)
    result.push_back({"MINE", [](const View& view, const auto& request) { return view.is_mine(request); }});
  if (every || options.active)
    result.push_back({"ACTIVE", [](const View&, const auto& request) {
                        return request.status.phase == api::Phase::Active;
                      }});
  return result;
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
  return std::string(status.duration.empty() ? request.spec.duration : status.duration);
}

std::vector<Cell> row(const api::AccessRequest& request, bool wide) {
  const auto now = SystemClock().now();
  const auto& subject = request.status.subject;
  std::vector<Cell> cells{{request.metadata.ns},
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
    cells.insert(
        cells.end(),
        {{short_uid(request.metadata.uid)}, {request.spec.reason}, {std::string(request.status.message)}});
  return cells;
}

// Lists all namespaces if this person may; otherwise lists one namespace and prints a warning.
Requests find_requests(const Session& session, const Options& options, std::string& scope) {
  scope = session.ns;
  auto found = session.cluster.list<api::AccessRequest>({.ns = scope, .fields = "", .labels = ""});
  if (!found && found.error().kind == ErrorKind::Forbidden && scope.empty() && !options.all_namespaces) {
    scope = session.own_namespace();
    session.terminal.warn(Printable("You may not list the requests of all namespaces: these are of ") +
                          scope + " (-n says another one).\n");
    found = session.cluster.list<api::AccessRequest>({.ns = scope, .fields = "", .labels = ""});
  }
  return must(std::move(found));
}

View view_of(const Session& session) {
  View view{.me = must(session.cluster.whoami()), .policies = {}};
  const auto policies = session.cluster.list<api::AccessPolicy>({});
  view.sees_policies = policies.has_value();
  if (!policies)
    session.terminal.warn(
        Printable("You may not see the AccessPolicies, so what you could decide is not known: ") +
        policies.error().message + "\n");
  for (std::size_t i = 0; policies && i < policies->size(); ++i)
    view.policies.emplace((*policies)[i].object.metadata.name, (*policies)[i].object);
  return view;
}

void print_sections(const Session& session, const Options& options, const View& view,
                    const Requests& requests) {
  const auto sections = sections_of(options);
  const Terminal& terminal = session.terminal;
  Printable text;
  std::vector<api::AccessRequest> shown;
  for (const auto& section : sections) {
    std::vector<std::vector<Cell>> rows;
    for (const auto& [request, _] : requests) {
      if (!section.takes(view, request)) continue;
      rows.push_back(row(request, options.output == "wide"));
      shown.push_back(request);
    }
    if (sections.size() > 1)
      text +=
          (text.empty() ? Printable() : Printable("\n")) + terminal.paint(Colour::Bold, section.title) + "\n";
    const bool is_unknown = section.needs_policies && !view.sees_policies;
    text += rows.empty() ? is_unknown ? Printable("not known\n") : Printable("none\n")
                         : table(terminal, headings(options.output == "wide"), rows);
  }
  session.remember(shown);
  terminal.print(text);
}

void print_objects(const Session& session, const Options& options, const View& view,
                   const Requests& requests) {
  const auto sections = sections_of(options);
  nlohmann::json list = empty_list();
  std::vector<api::AccessRequest> shown;
  for (const auto& [request, json] : requests) {
    if (std::ranges::none_of(sections, [&](const Section& section) { return section.takes(view, request); }))
      continue;
    list["items"].push_back(json);
    shown.push_back(request);
  }
  session.remember(shown);
  session.terminal.print(as_text(list, options.output));
}

// Prints one line per change, like kubectl's --watch.
void watch(const Session& session, const Options& options, const View& view, const std::string& scope) {
  const auto sections = sections_of(options);
  // What was last printed of each request: a status changes more often than the part that is shown.
  std::map<std::string, std::string> last;
  const auto take = [&](std::string_view type, const client::Read<api::AccessRequest>& read) {
    const auto& request = read.object;
    if (std::ranges::none_of(sections,
                             [&](const Section& section) { return section.takes(view, request); }) &&
        !last.contains(request.metadata.uid))
      return true;
    const std::string line = type == "DELETED" ? "deleted"
                                               : phase_text(request) + std::string(request.status.approvals) +
                                                     std::string(request.status.message);
    if (last[request.metadata.uid] == line) return true;
    last[request.metadata.uid] = line;
    auto cells = row(request, true);
    if (type == "DELETED") cells[2] = {"deleted", Colour::Faint};
    session.remember(std::vector{request});
    session.terminal.print(table(session.terminal, {}, {cells}));
    return true;
  };
  while (true) must(session.cluster.watch_requests({.ns = scope, .fields = "", .labels = ""}, take));
}

Exit run(const Options& options, Session& session) {
  if (options.watch && (options.output == "json" || options.output == "yaml"))
    throw ExitError(Exit::Usage, Printable("--watch prints lines: leave out -o ") + options.output);
  const View view = view_of(session);
  std::string scope;
  const auto requests = find_requests(session, options, scope);
  if (options.output == "json" || options.output == "yaml") {
    print_objects(session, options, view, requests);
  } else {
    print_sections(session, options, view, requests);
  }
  if (options.watch) watch(session, options, view, scope);
  return Exit::Done;
}

}  // namespace

Verb list_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "list", "What you asked for, what waits for your decision, what is active with the time that is left");
  command->add_flag("--mine", options->mine, "Only what you asked for, or would get");
  command->add_flag("--to-decide", options->to_decide, "Only what waits for you");
  command->add_flag("--active", options->active, "Only what is active, whoever has it");
  command->add_flag("-A,--all-namespaces", options->all_namespaces,
                    "Of all namespaces, or nothing (default: of all that you may list)");
  command->add_flag("-w,--watch", options->watch, "Go on, with a line for each change");
  command->add_option("-o,--output", options->output, "wide, json or yaml")
      ->check(CLI::IsMember({"wide", "json", "yaml"}));
  return {command, [options](Session& session) { return run(*options, session); }};
}

}  // namespace curfew::cli
