#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "client/session.hpp"

namespace curfew::cli {

// The program's exit codes. Scripts rely on them: never change one.
enum class Exit {
  Done = 0,
  Failed = 1,    // the cluster refused, or could not be reached
  Usage = 2,     // the command line cannot work
  No = 3,        // can: it would not be granted
  Ended = 4,     // request or extend --wait: it ended without access
  TimedOut = 5,  // request or extend --wait: not decided in time
  // run: apart from what most commands return; any other code of run is the command's, as a shell gives it.
  RunEnded = 120,     // ended without access
  RunTimedOut = 124,  // not decided in time
  RunFailed = 125,    // refused or failed
};

// Ends the verb with a sentence on standard error.
class ExitError : public std::runtime_error {
 public:
  ExitError(Exit exit, Printable sentence)
      : std::runtime_error(sentence.str()), exit_(exit), sentence_(std::move(sentence)) {}
  // With the error's own message; a message of kubectl may have several lines.
  explicit ExitError(const Error& error) : ExitError(Exit::Failed, Printable::lines(error.message, "  ")) {}

  Exit exit() const { return exit_; }
  const Printable& sentence() const { return sentence_; }

 private:
  Exit exit_;
  Printable sentence_;
};

// Returns the value, or throws ExitError with the error's message.
template <class T>
T must(Result<T> result) {
  if (!result) throw ExitError(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// One run of the program: what a verb does is in client/, how it is shown is in cli/.
struct Invocation {
  client::Session session;
  Terminal terminal;
  std::vector<std::string> command;  // the words after "--", of run
};

struct Verb {
  CLI::App* command;
  std::function<Exit(const Invocation&)> run;
};

// In a file of the verb's name; those that decide (approve, deny, revoke, review) share decide.cpp. Each adds
// its subcommand to the app.
Verb request_verb(CLI::App& app);
Verb extend_verb(CLI::App& app);
Verb run_verb(CLI::App& app);
Verb can_verb(CLI::App& app);
Verb approve_verb(CLI::App& app);
Verb deny_verb(CLI::App& app);
Verb revoke_verb(CLI::App& app);
Verb review_verb(CLI::App& app);
Verb break_glass_verb(CLI::App& app);
Verb list_verb(CLI::App& app);
Verb policies_verb(CLI::App& app);
Verb explain_verb(CLI::App& app);
Verb history_verb(CLI::App& app);
Verb completion_verb(CLI::App& app);

}  // namespace curfew::cli
