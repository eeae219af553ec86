#include <algorithm>
#include <chrono>
#include <csignal>
#include <span>
#include <thread>

#include "cli/completion.hpp"
#include "cli/flags.hpp"
#include "cli/verb.hpp"
#include "client/kubectl_cluster.hpp"
#include "version.hpp"

namespace {

using namespace curfew::cli;

constexpr const char* kFooter =
    "Works through kubectl, with its kubeconfig, credentials and flags.\n"
    "Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 can: no; 4 --wait: ended without access; 5 --wait: not decided in time.\n"
    "Those of run: the command's; 120 ended without access; 124 not decided in time; 125 refused or failed; 126, 127 not executable, not found.";

std::vector<Verb> add_verbs(CLI::App& app) {
  std::vector<Verb> verbs{request_verb(app), extend_verb(app),    break_glass_verb(app), run_verb(app),
                          can_verb(app),     approve_verb(app),   deny_verb(app),        revoke_verb(app),
                          review_verb(app),  list_verb(app),      policies_verb(app),    explain_verb(app),
                          history_verb(app), completion_verb(app)};
  for (const Verb& verb : verbs) verb.command->fallthrough();
  return verbs;
}

curfew::client::Session session_with(const Flags& flags, curfew::client::Patience patience = {}) {
  using namespace curfew::client;
  return {.cluster = std::make_shared<KubectlCluster>(Kubectl(flags.for_kubectl(), std::move(patience))),
          .ns = flags.ns(),
          .is_cluster_wide = flags.is_cluster_wide || flags.namespaces.size() > 1,
          .namespaces = flags.namespaces.size() > 1 ? flags.namespaces : std::vector<std::string>(),
          .seen = SeenRequests(SeenRequests::default_file())};
}

curfew::client::Patience patience_of(const Terminal& terminal) {
  return {.sleep = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); },
          .on_wait =
              [terminal](const curfew::Error& error, std::chrono::seconds at_most) {
                terminal.warn(Printable("The API server is not available yet, trying again for ") +
                              std::to_string(at_most.count()) + " s: " + error.message + "\n");
              }};
}

// The flags among the words to complete select the cluster; an incomplete command line is parsed as far as
// possible.
curfew::client::Session session_for(CLI::App& app, const Flags& flags, std::vector<std::string> words) {
  app.allow_extras();
  app.require_subcommand(0);
  words.pop_back();
  std::ranges::reverse(words);
  try {
    app.parse(words);
  } catch (const CLI::ParseError&) {
    return session_with(flags);
  }
  return session_with(flags);
}

bool asks_for_access(const std::string& verb) {
  return verb == "request" || verb == "can" || verb == "run" || verb == "break-glass";
}

// Takes "-- COMMAND ..." off a command line of the verb run: the parser would take its words for arguments.
std::vector<std::string> split_command(std::vector<std::string>& words) {
  const auto separator = std::ranges::find(words, "--");
  if (std::find(words.begin(), separator, "run") == separator || separator == words.end()) return {};
  std::vector<std::string> command(separator + 1, words.end());
  words.erase(separator, words.end());
  return command;
}

Exit run(int argc, const char* const* argv) {
  CLI::App app("Asks for access that ends on time, and decides about it.", "kubectl curfew");
  app.set_version_flag("--version", std::string("kubectl-curfew ") + kVersion);
  app.footer(kFooter);
  app.require_subcommand(1);
  Flags flags;
  flags.add_to(app);
  const auto verbs = add_verbs(app);
  std::vector<std::string> words(std::span(argv, static_cast<std::size_t>(argc)).begin() + 1,
                                 std::span(argv, static_cast<std::size_t>(argc)).end());
  if (!words.empty() && words.front() == "__complete") {
    const std::vector<std::string> rest(words.begin() + 1, words.end());
    Terminal().print(complete(app, rest, [&] { return session_for(app, flags, rest); }));
    return Exit::Done;
  }
  std::vector<std::string> command = split_command(words);
  std::ranges::reverse(words);  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::Success& success) {
    return static_cast<Exit>(app.exit(success));
  } catch (const CLI::ParseError& error) {
    Terminal().warn(Printable("kubectl curfew: ") + std::string(error.what()) +
                    "; 'kubectl curfew --help' lists what there is\n");
    return Exit::Usage;
  }
  const Terminal terminal;
  const Invocation invocation{.session = session_with(flags, patience_of(terminal)),
                              .terminal = terminal,
                              .command = std::move(command)};
  for (const Verb& verb : verbs) {
    if (!verb.command->parsed()) continue;
    if (flags.namespaces.size() > 1 && !asks_for_access(verb.command->get_name()))
      throw ExitError(
          Exit::Usage,
          Printable(
              "-n once: only request, can, run and break-glass take several namespaces, and what is for several is found with --cluster-wide"));
    return verb.run(invocation);
  }
  return Exit::Usage;
}

}  // namespace

int main(int argc, char** argv) {
  // kubectl may end before it has read all its input; has_printed() detects at the end that our own standard
  // output was closed.
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const Exit exit = run(argc, argv);
    return static_cast<int>(Terminal().has_printed() ? exit : Exit::Failed);
  } catch (const ExitError& stop) {
    Terminal().warn(Printable("kubectl curfew: ") + stop.sentence() + "\n");
    return static_cast<int>(stop.exit());
  } catch (const std::exception& error) {
    Terminal().warn(Printable("kubectl curfew: ") + std::string(error.what()) + "\n");
    return static_cast<int>(Exit::Failed);
  }
}
