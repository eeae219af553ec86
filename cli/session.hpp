#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "cli/cluster.hpp"
#include "cli/seen_requests.hpp"
#include "cli/terminal.hpp"

namespace curfew::cli {

// What the program exits with. Scripts rely on them: change none.
enum class Exit {
  Done = 0,
  Failed = 1,    // the cluster refused, or could not be asked
  Usage = 2,     // what was typed cannot work
  No = 3,        // can: it would not be granted
  Ended = 4,     // request --wait: it ended without access
  TimedOut = 5,  // request --wait: not decided in time
};

// Ends the verb with a sentence on standard error.
class ExitError : public std::runtime_error {
 public:
  ExitError(Exit exit, Printable sentence)
      : std::runtime_error(sentence.str()), exit_(exit), sentence_(std::move(sentence)) {}
  // With the error's own sentence; kubectl's may have several lines.
  explicit ExitError(const Error& error) : ExitError(Exit::Failed, Printable::lines(error.message, "  ")) {}

  Exit exit() const { return exit_; }
  const Printable& sentence() const { return sentence_; }

 private:
  Exit exit_;
  Printable sentence_;
};

// The value, or the end of the verb with the error's sentence.
template <class T>
T must(Result<T> result) {
  if (!result) throw ExitError(result.error());
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// kubectl's flags that a person may give here too, as they go on to kubectl; and those that the verbs share.
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
  Cluster cluster;
  Terminal terminal;
  std::string ns;  // as given with -n; empty: not given

  SeenRequests seen;

  std::string own_namespace() const { return ns.empty() ? cluster.kubeconfig().ns : ns; }
  // That this person was shown these. What cannot be remembered is no error.
  void remember(const std::vector<api::AccessRequest>& requests) const;
  void remember(const std::vector<SeenRequest>& requests) const;
  // The UID of the request of this name that this person was shown last; nullopt: none.
  std::optional<std::string> remembered(const api::ObjectKey& key) const {
    return seen.uid_of(cluster.kubeconfig().server, key);
  }
};

struct Verb {
  CLI::App* command;
  std::function<Exit(Session&)> run;
};

// One a file, named after it. Each adds its subcommand to the app.
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

// What several objects are put into, as kubectl does: add to its "items".
nlohmann::json empty_list();

// Of -o json and -o yaml. Characters that would harm a terminal are written as "\u202e", which is the same
// text to whoever reads it.
Printable as_text(const nlohmann::json& json, const std::string& format);

}  // namespace curfew::cli
