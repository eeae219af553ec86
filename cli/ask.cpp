#include "cli/ask.hpp"

#include <utility>
#include <vector>

#include "cli/describe.hpp"
#include "cli/object_output.hpp"
#include "client/warnings.hpp"
#include "core/describe.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

const client::Candidate& choose_among(const Terminal& terminal,
                                      const std::vector<const client::Candidate*>& fitting) {
  if (fitting.size() == 1) return *fitting.front();
  Printable question = "Several policies allow that:\n";
  for (std::size_t i = 0; i < fitting.size(); ++i)
    question += Printable("  ") + std::to_string(i + 1) + "  " + choice_text(*fitting[i]) + "\n";
  if (!terminal.interactive()) {
    throw ExitError(Exit::Usage,
                    question + "say which with --policy NAME, and ROLE where one offers several");
  }
  const auto answer = terminal.ask(question + "Which (1 to " + std::to_string(fitting.size()) + ")? ");
  for (std::size_t i = 0; answer && i < fitting.size(); ++i) {
    if (*answer == std::to_string(i + 1)) return *fitting[i];
  }
  throw ExitError(Exit::Usage, "none of them was chosen, and nothing was asked for");
}

}  // namespace

Printable choice_text(const client::Candidate& candidate) {
  return Printable(core::describe(*candidate.request().spec.role)) + scope_beside_name(candidate.request()) +
         " under AccessPolicy " + candidate.request().spec.policy + ", decided by " +
         deciders(candidate.policy());
}

client::Candidate choose(const Invocation& run, const RequestFlags& flags, const Eligible& eligible) {
  const auto wanted = options_of(flags);
  auto all = must(client::find_candidates(run.session, wanted));
  if (eligible.is_eligible) {
    std::erase_if(all, [&](const auto& candidate) { return !eligible.is_eligible(candidate); });
    if (all.empty()) throw ExitError(Exit::Failed, eligible.none);
  }
  return choose_among(run.terminal, fitting_candidates(run.session, all, wanted));
}

Asked ask(const Invocation& run, client::Candidate chosen) {
  auto made = must(client::make_request(run.session, chosen));
  return {.chosen = std::move(chosen), .made = std::move(made)};
}

void warn_of(const Terminal& terminal, const Asked& asked) {
  const auto& role = asked.chosen.request().spec.role;
  for (const auto& warning : client::warnings_of(asked.chosen.policy(), role))
    terminal.warn(Printable("warning: ") + warning + "\n");
}

void WaitReport::operator()(const api::AccessRequest& request) {
  const std::string now =
      phase_text(request) + (request.status.message.empty() ? "" : ": " + request.status.message.str());
  if (now == last_) return;
  last_ = now;
  terminal_.warn(terminal_.paint(Colour::Faint, now) + "\n");
}

void add_made_flags(CLI::App& command, MadeFlags& flags) {
  command.add_flag("--wait", flags.wait,
                   "Wait until it is Active (exit code 0), has ended otherwise (4) or --timeout is over (5)");
  command.add_option("--timeout", flags.timeout, "How long --wait waits")->capture_default_str();
  command.add_option("-o,--output", flags.output, "What to print: name, json or yaml")
      ->check(CLI::IsMember({"name", "json", "yaml"}));
}

void print_made(const Terminal& terminal, const client::Read<api::AccessRequest>& made,
                const MadeFlags& flags, const Printable& sentence) {
  const auto key = made.object.metadata.key();
  if (flags.output == "name")
    terminal.print(Printable(key.name) + "\n");
  else if (!flags.output.empty())
    terminal.print(as_text(made.json, flags.output));
  else
    terminal.print(Printable(to_string(key)) + ": " + sentence + "\n");
}

Exit wait_until_active(const Invocation& run, const api::ObjectKey& key, std::chrono::seconds timeout) {
  using Outcome = client::WaitResult::Outcome;
  WaitReport report(run.terminal);
  const auto [outcome, request] =
      must(client::wait_for_access(run.session, key, timeout, [&](const auto& read) { report(read); }));
  switch (outcome) {
    case Outcome::Active:
      run.terminal.print(Printable(to_string(key)) + " is Active until " +
                         format_rfc3339(*request.status.expires_at) + " (" +
                         time_left(*request.status.expires_at, run.session.clock->now()) + ")\n");
      return Exit::Done;
    case Outcome::Ended:
      throw ExitError(Exit::Ended, Printable(to_string(key)) + " is " + phase_text(request) + ": " +
                                       request.status.message);
    case Outcome::TimedOut: break;
  }
  throw ExitError(Exit::TimedOut, Printable(to_string(key)) + " is not decided after " +
                                      format_duration(timeout) + "; it stays: 'kubectl curfew explain " +
                                      argument_of(key) + "' says what it waits for");
}

std::chrono::seconds timeout_of(const std::string& text) {
  const auto timeout = parse_duration(text);
  if (!timeout)
    throw ExitError(Exit::Usage, Printable("--timeout ") + text + " is not a duration, as in 30m or 1h30m");
  return *timeout;
}

}  // namespace curfew::cli
