#include <algorithm>
#include <memory>
#include <thread>

#include "cli/candidates.hpp"
#include "cli/describe.hpp"
#include "cli/request_flags.hpp"
#include "cli/session.hpp"
#include "core/describe.hpp"
#include "util/clock.hpp"
#include "util/duration.hpp"

namespace curfew::cli {
namespace {

struct Options {
  RequestOptions wish;
  bool wait = false;
  std::string timeout = "1h";
  std::string output;
};

// The metadata.generateName prefix, such as "alice-view-": valid characters only, and not too long.
std::string prefix_of(const api::AccessRequest& request) {
  std::string result;
  const std::string who(request.spec.requester->username);
  for (const char c : who.substr(who.rfind(':') == std::string::npos ? 0 : who.rfind(':') + 1) + "-" +
                          std::string(request.spec.role->name)) {
    const auto lower = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const bool is_plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (is_plain) {
      result += lower;
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
  }
  result = result.substr(0, 50);
  return (result.empty() ? std::string("access") : result) + (result.ends_with('-') ? "" : "-");
}

Printable choice_text(const Candidate& candidate) {
  return Printable(core::describe(*candidate.request.spec.role)) + " under AccessPolicy " +
         candidate.request.spec.policy + ", decided by " + deciders(*candidate.policy);
}

const Candidate& choose(const Session& session, const std::vector<const Candidate*>& fitting) {
  if (fitting.size() == 1) return *fitting.front();
  Printable question = "Several policies allow that:\n";
  for (std::size_t i = 0; i < fitting.size(); ++i)
    question += Printable("  ") + std::to_string(i + 1) + "  " + choice_text(*fitting[i]) + "\n";
  if (!session.terminal.interactive()) {
    throw ExitError(Exit::Usage,
                    question + "say which with --policy NAME, and ROLE where one offers several");
  }
  const auto answer =
      session.terminal.ask(question + "Which (1 to " + std::to_string(fitting.size()) + ")? ");
  for (std::size_t i = 0; answer && i < fitting.size(); ++i) {
    if (*answer == std::to_string(i + 1)) return *fitting[i];
  }
  throw ExitError(Exit::Usage, "none of them was chosen, and nothing was asked for");
}

void report_wait(const Session& session, const api::AccessRequest& request, std::string& last) {
  const std::string now =
      phase_text(request) + (request.status.message.empty() ? "" : ": " + request.status.message.str());
  if (now == last) return;
  last = now;
  session.terminal.warn(session.terminal.paint(Colour::Faint, now) + "\n");
}

Exit wait_for(const Session& session, const api::ObjectKey& key, std::chrono::seconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::string last;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto request = must(session.cluster.get<api::AccessRequest>(key)).object;
    report_wait(session, request, last);
    if (request.status.phase == api::Phase::Active && request.status.expires_at) {
      session.terminal.print(Printable(to_string(key)) + " is Active until " +
                             format_rfc3339(*request.status.expires_at) + " (" +
                             time_left(*request.status.expires_at, SystemClock().now()) + ")\n");
      return Exit::Done;
    }
    if (request.status.complete)
      throw ExitError(Exit::Ended, Printable(to_string(key)) + " is " + phase_text(request) + ": " +
                                       request.status.message);
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  throw ExitError(Exit::TimedOut, Printable(to_string(key)) + " is not decided after " +
                                      format_duration(timeout) + "; it stays: 'kubectl curfew explain " +
                                      to_string(key) + "' says what it waits for");
}

Exit run(const Options& options, Session& session) {
  const auto timeout = parse_duration(options.timeout);
  if (!timeout)
    throw ExitError(Exit::Usage,
                    Printable("--timeout ") + options.timeout + " is not a duration, as in 30m or 1h30m");
  RequestOptions wish = options.wish;
  wish.ns = session.own_namespace();
  const auto me = must(session.cluster.whoami());
  const auto all = candidates(session.cluster, wish, me, must(session.cluster.list<api::AccessPolicy>({})));
  const auto fitting = fitting_of(all, wish);
  const Candidate& chosen = choose(session, fitting);
  const auto made = must(session.cluster.create(chosen.request, prefix_of(chosen.request), false));
  const api::ObjectKey key = made.object.metadata.key();
  if (options.output == "name") {
    session.terminal.print(Printable(key.name) + "\n");
  } else if (!options.output.empty()) {
    session.terminal.print(as_text(made.json, options.output));
  } else {
    session.terminal.print(Printable(to_string(key)) + ": asked for " + choice_text(chosen) + "\n");
  }
  return options.wait ? wait_for(session, key, *timeout) : Exit::Done;
}

}  // namespace

Verb request_verb(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("request", "Ask for access: finds the policy that allows it");
  add_request_flags(*command, options->wish);
  command->add_option("--name", options->wish.name,
                      "Name of the request (default: made of yours and the role's)");
  command->add_flag(
      "--wait", options->wait,
      "Wait until it is Active (exit code 0), has ended otherwise (4) or --timeout is over (5)");
  command->add_option("--timeout", options->timeout, "How long --wait waits")->capture_default_str();
  command->add_option("-o,--output", options->output, "What to print: name, json or yaml")
      ->check(CLI::IsMember({"name", "json", "yaml"}));
  return {command, [options](Session& session) { return run(*options, session); }};
}

}  // namespace curfew::cli
