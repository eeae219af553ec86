#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>
#include <thread>

#include "cli/describe.hpp"
#include "cli/session.hpp"
#include "core/describe.hpp"
#include "core/identity.hpp"

namespace curfew::cli {
namespace {

constexpr int kMaxConflicts = 5;  // Curfew's status updates of the same object conflict
// How long to wait for Curfew to reconcile a new request: it can be approved once its role and duration are
// settled.
constexpr std::chrono::milliseconds kPinningGrace{5000};
constexpr std::chrono::milliseconds kPinningPoll{500};
constexpr std::string_view kNotPinnedYet = "approve it in a moment";  // part of the guard's message
constexpr std::size_t kMinUidLength = 8;

struct Options {
  std::vector<std::string> names;
  std::string comment;
  bool all = false;
  bool all_namespaces = false;
  bool yes = false;
  std::string labels;
};

// A request to decide. `uid`: its UID or a prefix of it; empty: the request that has the name now.
struct Target {
  api::ObjectKey key;
  std::string uid;
  bool is_remembered = false;  // this person was shown the request with that UID
};

Error no_longer(const Target& target) {
  const std::string name = to_string(target.key);
  const std::string what = target.is_remembered
                               ? name + " was deleted and made again since you looked at it"
                               : name + " has not the UID " + target.uid + ": it was deleted and made again";
  return {.kind = ErrorKind::Conflict,
          .message = what + (target.is_remembered ? ": look at it first: " : "; look at it first: ") +
                     "kubectl curfew explain " + name};
}

Result<client::Read<api::AccessRequest>> read(const Session& session, const Target& target) {
  auto request = session.cluster.get<api::AccessRequest>(target.key);
  if (request && !request->object.metadata.uid.starts_with(target.uid))
    return tl::unexpected(no_longer(target));
  return request;
}

bool is_pinned(const api::AccessRequest& request) {
  return (request.spec.role || request.status.role_ref) &&
         (!request.spec.duration.empty() || !request.status.duration.empty());
}

// Waits until Curfew has pinned the request; gives up after kPinningGrace, when Curfew probably does not run.
Result<client::Read<api::AccessRequest>> read_pinned(const Session& session, const Target& target) {
  auto request = read(session, target);
  for (auto waited = std::chrono::milliseconds(0);
       request && !is_pinned(request->object) && !request->object.status.complete && waited < kPinningGrace;
       waited += kPinningPoll) {
    std::this_thread::sleep_for(kPinningPoll);
    request = read(session, target);
  }
  return request;
}

// What an approval grants: requester, role, namespace, subject, duration, start, policy and reason.
Printable summary_of(const api::AccessRequest& request) {
  const auto& subject = request.status.subject ? request.status.subject : request.spec.subject;
  const auto& duration = request.status.duration.empty() ? request.spec.duration : request.status.duration;
  return Printable(to_string(request.metadata.key())) + " (uid " + short_uid(request.metadata.uid) +
         "): " + requester_text(request) + " asks for " + role_text(request) + " in namespace " +
         request.metadata.ns + "\n  for     " +
         (subject ? core::describe(*subject) : requester_text(request)) + "\n  how long " +
         (duration.empty() ? Printable("as the policy says") : Printable(duration)) + ", from " +
         (request.spec.start_time.empty() ? Printable("its approval on")
                                          : Printable(request.spec.start_time) + " on") +
         "\n  policy  " + request.spec.policy + "\n  reason  " +
         (request.spec.reason.empty() ? Printable("none given") : Printable(request.spec.reason)) + "\n";
}

// Shows what is being approved, and asks for confirmation if the terminal is interactive.
bool is_meant(const Session& session, const api::AccessRequest& request, bool yes) {
  session.terminal.warn(summary_of(request));
  session.remember(std::vector{request});
  if (yes || !session.terminal.interactive()) return true;
  const auto answer = session.terminal.ask("Approve it (y/N)? ");
  return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

// Decides only the request that was read: one deleted and recreated under the same name is a different one.
Result<void> decide(const Session& session, const Target& target, const api::Decision& decision, bool yes) {
  const bool approves = decision.verdict == api::Verdict::Approve;
  auto request = approves ? read_pinned(session, target) : read(session, target);
  if (!request) return tl::unexpected(request.error());
  if (approves && !is_meant(session, request->object, yes)) return fail(ErrorKind::Cancelled, "not approved");
  const Target same{.key = target.key, .uid = request->object.metadata.uid, .is_remembered = true};
  const std::string approved = summary_of(request->object).str();
  int conflicts = 0;
  for (auto waited = is_pinned(request->object) ? std::chrono::milliseconds(0) : kPinningGrace;;) {
    const auto decided = session.cluster.decide(*request, decision);
    if (decided) return {};
    const bool is_early = approves && decided.error().message.find(kNotPinnedYet) != std::string::npos &&
                          waited < kPinningGrace;
    if (!is_early && decided.error().kind != ErrorKind::Conflict) return tl::unexpected(decided.error());
    if (!is_early && ++conflicts == kMaxConflicts)
      return fail(ErrorKind::Conflict, "it changes all the time: try again");
    if (is_early) {
      std::this_thread::sleep_for(kPinningPoll);
      waited += kPinningPoll;
    }
    request = read(session, same);
    if (!request) return tl::unexpected(request.error());
    if (approves && summary_of(request->object).str() != approved && !is_meant(session, request->object, yes))
      return fail(ErrorKind::Cancelled, "not approved");
  }
}

// Parses "NAME" or "NAMESPACE/NAME", each optionally with "@UID"; without it, the UID is that of the request
// this person was shown, if any.
Target target_of(const Session& session, const std::string& text) {
  const auto at = text.find('@');
  Target target{.key = key_of(session, text.substr(0, at)),
                .uid = at == std::string::npos ? "" : text.substr(at + 1)};
  if (at != std::string::npos && target.uid.size() < kMinUidLength) {
    throw ExitError(
        Exit::Usage,
        Printable("\"") + text +
            "\" has too little of a UID: the first eight characters at least, as 'kubectl curfew explain' shows them");
  }
  if (at != std::string::npos) return target;
  const auto remembered = session.remembered(target.key);
  target.is_remembered = remembered.has_value();
  target.uid = remembered.value_or("");
  return target;
}

// Active requests that this person may revoke.
std::vector<Target> selected(const Session& session, const Options& options, const api::Person& me) {
  const std::string scope = options.all_namespaces ? "" : session.own_namespace();
  const auto active = must(session.cluster.list<api::AccessRequest>(
      {.ns = scope, .fields = "status.phase=Active", .labels = options.labels}));
  const auto policies = session.cluster.list<api::AccessPolicy>({});
  std::vector<Target> result;
  for (const auto& [request, _] : active) {
    const api::AccessPolicy* policy = nullptr;
    for (std::size_t i = 0; policies && i < policies->size(); ++i) {
      if ((*policies)[i].object.metadata.name == std::string(request.spec.policy))
        policy = &(*policies)[i].object;
    }
    if (core::may_revoke(request, policy, me))
      result.push_back({.key = request.metadata.key(), .uid = request.metadata.uid});
  }
  return result;
}

// In a decision annotation a leading "uid=..." is not a comment: it names the UID of the request, and the
// guard refuses what only resembles it. Here the UID is given as NAME@UID.
bool resembles_uid(std::string_view comment) {
  const auto is_plain = [](unsigned char c) { return std::isalnum(c) != 0; };
  comment.remove_prefix(static_cast<std::size_t>(std::ranges::find_if(comment, is_plain) - comment.begin()));
  constexpr std::string_view kWord = "uid";
  const bool begins = std::ranges::equal(comment.substr(0, kWord.size()), kWord, {},
                                         [](unsigned char c) { return std::tolower(c); });
  return begins &&
         (comment.size() == kWord.size() || !is_plain(static_cast<unsigned char>(comment[kWord.size()])));
}

Exit run(const Options& options, api::Verdict verdict, Session& session) {
  if (resembles_uid(options.comment))
    throw ExitError(Exit::Usage,
                    "the comment begins with uid: which request is meant is said with its name, as NAME@UID");
  const bool selects = options.all || !options.labels.empty();
  if (selects == !options.names.empty()) {
    throw ExitError(
        Exit::Usage,
        verdict == api::Verdict::Revoke
            ? Printable("name the requests, or select them with --all or -l, not both")
            : "name the requests: NAME or NAMESPACE/NAME, and @UID after it where a script means one request only");
  }
  const auto me = must(session.cluster.whoami());
  std::vector<Target> targets;
  std::ranges::transform(options.names, std::back_inserter(targets),
                         [&](const std::string& name) { return target_of(session, name); });
  if (selects) targets = selected(session, options, me);
  if (targets.empty()) {
    session.terminal.print(
        Printable("nothing that you may revoke is active") +
        (options.all_namespaces ? Printable() : Printable(" in namespace ") + session.own_namespace()) +
        "\n");
  }
  Exit exit = Exit::Done;
  for (const auto& target : targets) {
    const std::string name = to_string(target.key);
    const auto decided =
        decide(session, target, {.verdict = verdict, .person = me, .comment = options.comment}, options.yes);
    if (decided) {
      session.terminal.print(Printable(std::string(core::past_tense(verdict))) + " " + name + "\n");
    } else {
      const std::string& message = decided.error().message;
      session.terminal.warn((message.starts_with(name) ? Printable() : Printable(name) + ": ") +
                            Printable::lines(message, "  ") + "\n");
      exit = Exit::Failed;
    }
  }
  return exit;
}

Verb verb(CLI::App& app, api::Verdict verdict, const std::string& name, const std::string& help) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(name, help);
  command->add_option(
      "names", options->names,
      "NAME or NAMESPACE/NAME, several if need be; NAME@UID (or its first eight characters) is that request and no other of the name");
  command->add_option("-m,--comment", options->comment,
                      "Your words, for the requester and the audit records");
  if (verdict == api::Verdict::Approve)
    command->add_flag("-y,--yes", options->yes, "Do not ask whether what is shown is meant");
  if (verdict == api::Verdict::Revoke) {
    command->add_flag("--all", options->all, "All that is active in the namespace and that you may end");
    command->add_flag("-A,--all-namespaces", options->all_namespaces, "With --all or -l: in all namespaces");
    command->add_option("-l,--selector", options->labels, "All that is active and has these labels");
  }
  return {command, [options, verdict](Session& session) { return run(*options, verdict, session); }};
}

}  // namespace

Verb approve_verb(CLI::App& app) {
  return verb(app, api::Verdict::Approve, "approve", "Approve requests");
}
Verb deny_verb(CLI::App& app) {
  return verb(app, api::Verdict::Deny, "deny", "Deny requests that wait");
}
Verb revoke_verb(CLI::App& app) {
  return verb(app, api::Verdict::Revoke, "revoke",
              "End access early, yours or other people's; withdraw a request");
}

}  // namespace curfew::cli
