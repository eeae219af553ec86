#include "client/decide.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <string_view>

#include "cli/describe.hpp"
#include "cli/verb.hpp"
#include "core/describe.hpp"
#include "core/identity.hpp"
#include "util/utf8.hpp"
#include "util/visible_text.hpp"

namespace curfew::cli {
namespace {

using client::Target;

constexpr std::size_t kMinUidLength = 8;

struct Options {
  std::vector<std::string> names;
  std::string comment;
  bool all = false;
  bool all_namespaces = false;
  bool yes = false;
  std::string labels;
};

Printable begin_text(const client::ApprovalSummary& summary) {
  if (!summary.extends.empty()) return Printable("the end of ") + summary.extends + " on, which it extends";
  return summary.start_time.empty() ? Printable("its approval on") : Printable(summary.start_time) + " on";
}

// Requester, role, namespace, subject, duration, start, policy and reason.
Printable summary_text(const api::AccessRequest& request) {
  const auto summary = client::summary_of(request);
  const auto reason = utf8::trimmed(summary.reason);
  return Printable(to_string(summary.key)) + " (uid " + short_uid(summary.uid) +
         "): " + requester_text(request) + " asks for " + role_text(request) + " " + scope_text(request) +
         "\n  for     " + (summary.subject ? core::describe(*summary.subject) : requester_text(request)) +
         "\n  how long " +
         (summary.duration.empty() ? Printable("as the policy says") : Printable(summary.duration)) +
         ", from " + begin_text(summary) + "\n  policy  " + summary.policy + "\n  reason  " +
         (reason.empty() ? Printable("none given") : Printable(reason)) + "\n";
}

// Shows what is being approved, and asks for confirmation if the terminal is interactive.
bool is_meant(const Invocation& run, const api::AccessRequest& request, bool yes) {
  run.terminal.warn(summary_text(request));
  run.session.remember(std::vector{request});
  if (yes || !run.terminal.interactive()) return true;
  const auto answer = run.terminal.ask("Approve it (y/N)? ");
  return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

Printable replaced_text(const Target& target, bool was_read) {
  const bool was_shown = target.is_remembered || was_read;
  const std::string name = to_string(target.key);
  return (was_shown
              ? Printable(name) + " was deleted and made again since you looked at it"
              : Printable(name) + " has not the UID " + target.uid + ": it was deleted and made again") +
         (was_shown ? Printable(": ") : Printable("; ")) + "look at it first: kubectl curfew explain " +
         argument_of(target.key);
}

Printable failure_text(const Target& target, const client::DecisionResult& result) {
  using Outcome = client::DecisionResult::Outcome;
  const std::string name = to_string(target.key);
  if (result.outcome == Outcome::Replaced) return replaced_text(target, result.was_read);
  if (result.outcome == Outcome::NotConfirmed) return Printable(name) + ": not approved";
  const std::string& message = result.error.message;
  const bool may_be_of_cluster = result.error.kind == ErrorKind::NotFound && !target.key.ns.empty();
  return (message.starts_with(name) ? Printable() : Printable(name) + ": ") +
         Printable::lines(message, "  ") +
         (may_be_of_cluster ? Printable("; a ClusterAccessRequest is found with --cluster-wide")
                            : Printable());
}

// Parses "NAME" or "NAMESPACE/NAME", each optionally with "@UID"; without it, the UID is that of the request
// this person was shown, if any.
Target target_of(const client::Session& session, const std::string& text) {
  const auto at = text.find('@');
  Target target{.key = session.key_of(text.substr(0, at)),
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

// The first character in lower case, a fullwidth one as its ASCII form; '\0' for any other beyond ASCII.
char plain_character(std::optional<std::uint32_t> code) {
  constexpr std::uint32_t kFirstFullwidth = 0xFF01;
  constexpr std::uint32_t kLastFullwidth = 0xFF5E;
  constexpr std::uint32_t kLastAscii = 0x7F;
  if (!code) return '\0';
  const bool is_fullwidth = *code >= kFirstFullwidth && *code <= kLastFullwidth;
  const std::uint32_t ascii = is_fullwidth ? *code - kFirstFullwidth + '!' : *code;
  return ascii > kLastAscii ? '\0' : static_cast<char>(std::tolower(static_cast<int>(ascii)));
}

// In a decision annotation a leading "uid=..." is not a comment: it names the UID of the request, and the
// guard refuses what only resembles it ("uuid:", in fullwidth letters too). Here the UID is given as
// NAME@UID.
bool resembles_uid(std::string_view comment) {
  std::string first_word;
  while (!comment.empty()) {
    const auto [bytes, code] = utf8::first_character(comment);
    const char plain = plain_character(code);
    comment.remove_prefix(bytes);
    if (std::isalnum(static_cast<unsigned char>(plain)) != 0) {
      first_word += plain;
    } else if (!first_word.empty()) {
      break;
    }
  }
  return first_word == "uid" || first_word == "uuid";
}

void check(const Options& options, api::Verdict verdict) {
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
}

std::vector<Target> selected(const Invocation& run, const Options& options, const client::Viewer& viewer) {
  auto targets = must(client::find_revocable(run.session, viewer, options.all_namespaces, options.labels));
  if (targets.empty()) {
    run.terminal.print(
        Printable("nothing that you may revoke is active") +
        (options.all_namespaces ? Printable() : Printable(" ") + scope_text(run.session.own_namespace())) +
        "\n");
  }
  return targets;
}

Exit decide(const Options& options, api::Verdict verdict, const Invocation& run) {
  check(options, verdict);
  api::Person person;
  std::vector<Target> targets;
  if (options.names.empty()) {
    auto viewer = must(client::viewer_of(run.session));
    targets = selected(run, options, viewer);
    person = std::move(viewer.person);
  } else {
    person = must(run.session.cluster->whoami());
    std::ranges::transform(options.names, std::back_inserter(targets),
                           [&](const std::string& name) { return target_of(run.session, name); });
  }
  Exit exit = Exit::Done;
  for (const auto& target : targets) {
    const auto result = client::decide(
        run.session, target, {.verdict = verdict, .person = person, .comment = options.comment},
        [&](const api::AccessRequest& request) { return is_meant(run, request, options.yes); });
    if (result.outcome == client::DecisionResult::Outcome::Decided) {
      const std::string done = result.takes_back_approval ? "took back your approval of"
                               : result.withdraws         ? "withdrew"
                                                          : std::string(core::past_tense(verdict));
      run.terminal.print(Printable(done) + " " + to_string(target.key) + "\n");
      if (!result.goes_on.empty())
        run.terminal.warn(Printable("what it extends goes on until its own end: revoke ") + result.goes_on +
                          " to end that, too\n");
    } else {
      run.terminal.warn(failure_text(target, result) + "\n");
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
  return {command, [options, verdict](const Invocation& run) { return decide(*options, verdict, run); }};
}

struct ReviewOptions {
  std::vector<std::string> names;
  std::string comment;
  bool justified = false;
  bool disputed = false;
};

Exit review(const ReviewOptions& options, const Invocation& run) {
  if (options.justified && options.disputed)
    throw ExitError(Exit::Usage, "--justified and --disputed exclude each other");
  if (!options.justified && !options.disputed)
    throw ExitError(Exit::Usage, "say what you found: --justified or --disputed");
  const auto verdict = options.justified ? api::ReviewVerdict::Justified : api::ReviewVerdict::Disputed;
  const auto person = must(run.session.cluster->whoami());
  Exit exit = Exit::Done;
  for (const std::string& name : options.names) {
    const Target target = target_of(run.session, name);
    const auto result = client::review(run.session, target,
                                       {.verdict = verdict, .person = person, .comment = options.comment});
    if (result.outcome == client::DecisionResult::Outcome::Decided) {
      run.terminal.print(Printable("reviewed ") + to_string(target.key) + ": " +
                         (options.justified ? Printable("justified") : Printable("disputed")) + "\n");
    } else {
      run.terminal.warn(failure_text(target, result) + "\n");
      exit = Exit::Failed;
    }
  }
  return exit;
}

}  // namespace

Verb review_verb(CLI::App& app) {
  auto options = std::make_shared<ReviewOptions>();
  CLI::App* command =
      app.add_subcommand("review", "Review access that has ended, where its policy wants that");
  command
      ->add_option(
          "names", options->names,
          "NAME or NAMESPACE/NAME, several if need be; NAME@UID is that request and no other of the name")
      ->required();
  command->add_flag("--justified", options->justified, "The access was justified");
  command->add_flag("--disputed", options->disputed, "It was not, or somebody has to look at it");
  command->add_option("-m,--comment", options->comment, "Your words, for the audit records");
  return {command, [options](const Invocation& run) { return review(*options, run); }};
}

Verb approve_verb(CLI::App& app) {
  return verb(app, api::Verdict::Approve, "approve", "Approve requests");
}
Verb deny_verb(CLI::App& app) {
  return verb(app, api::Verdict::Deny, "deny", "Deny requests that wait");
}
Verb revoke_verb(CLI::App& app) {
  return verb(
      app, api::Verdict::Revoke, "revoke",
      "End access early, yours or other people's; withdraw a request, or take back your approval of one");
}

}  // namespace curfew::cli
