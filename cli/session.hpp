#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/terminal.hpp"
#include "client/cluster.hpp"
#include "client/seen_requests.hpp"

namespace curfew::cli {

// The program's exit codes. Scripts rely on them: never change one.
enum class Exit {
  Done = 0,
  Failed = 1,    // the cluster refused, or could not be reached
  Usage = 2,     // the command line cannot work
  No = 3,        // can: it would not be granted
  Ended = 4,     // request --wait: it ended without access
  TimedOut = 5,  // request --wait: not decided in time
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

// kubectl's flags that are accepted here and passed on to kubectl, and the flags that the verbs share.
class Flags {
 public:
  void add_to(CLI::App& app);
  std::vector<std::string> for_kubectl() const;

  std::string ns;  // -n; empty: the kubeconfig's

 private:
  std::vector<std::pair<std::string, std::string>> texts_;
  std::vector<std::pair<std::string, bool>> switches_;
  std::vector<std::string> as_groups_;
};

// One run of the program.
struct Session {
  client::Cluster cluster;
  Terminal terminal;
  std::string ns;  // as given with -n; empty: not given

  client::SeenRequests seen;

  std::string own_namespace() const { return ns.empty() ? cluster.kubeconfig().ns : ns; }
  // Records that this person was shown these requests. A failure to record is not an error.
  void remember(const std::vector<api::AccessRequest>& requests) const;
  void remember(const std::vector<client::SeenRequest>& requests) const;
  // The UID of the request of this name that this person was shown last; nullopt if none.
  std::optional<std::string> remembered(const api::ObjectKey& key) const {
    return seen.uid_of(cluster.kubeconfig().server, key);
  }
};

struct Verb {
  CLI::App* command;
  std::function<Exit(Session&)> run;
};

// In a file of the verb's name; those that decide (approve, deny, revoke) share decide.cpp. Each adds its
// subcommand to the app.
Verb request_verb(CLI::App& app);
Verb can_verb(CLI::App& app);
Verb approve_verb(CLI::App& app);
Verb deny_verb(CLI::App& app);
Verb revoke_verb(CLI::App& app);
Verb list_verb(CLI::App& app);
Verb policies_verb(CLI::App& app);
Verb explain_verb(CLI::App& app);
Verb history_verb(CLI::App& app);
Verb completion_verb(CLI::App& app);

// "NAME" in the session's namespace, or "NAMESPACE/NAME".
api::ObjectKey key_of(const Session& session, const std::string& name);

// An empty List, which kubectl uses for several objects: add them to its "items".
nlohmann::json empty_list();

// The output of -o json and -o yaml. Characters that would harm a terminal are escaped, as in "\u202e", which
// parsers read as the same text.
Printable as_text(const nlohmann::json& json, const std::string& format);

}  // namespace curfew::cli
