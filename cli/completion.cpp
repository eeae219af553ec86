#include "cli/completion.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string_view>

namespace curfew::cli {
namespace {

// Each script calls this program and gets the same candidates as kubectl. Candidates come from the cluster:
// the script reads them line by line and compares them, and never makes them part of a command or of a word
// list that the shell expands.
constexpr char kBash[] =
    R"sh(# For "kubectl curfew", put kubectl_complete-curfew into PATH; this is for "kubectl-curfew". Use: source <(kubectl curfew completion bash)
_kubectl_curfew() {
  local line word=${COMP_WORDS[COMP_CWORD]}
  COMPREPLY=()
  while IFS= read -r line; do
    line=${line%%$'\t'*}
    [[ $line == :* || $line != "$word"* ]] || COMPREPLY+=("$line")
  done < <(kubectl-curfew __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _kubectl_curfew kubectl-curfew
)sh";

constexpr char kZsh[] = R"sh(#compdef kubectl-curfew
# For "kubectl curfew", put kubectl_complete-curfew into PATH; this is for "kubectl-curfew". Use: source <(kubectl curfew completion zsh)
_kubectl_curfew() {
  local line word description
  local -a candidates
  while IFS= read -r line; do
    [[ $line == :* ]] && continue
    word=${line%%$'\t'*}
    description=${line#"$word"}
    candidates+=("${word//:/\\:}${description:+:${description#$'\t'}}")
  done < <(kubectl-curfew __complete "${(@)words[2,$CURRENT]}" 2>/dev/null)
  _describe 'kubectl-curfew' candidates
}
compdef _kubectl_curfew kubectl-curfew
)sh";

constexpr char kFish[] =
    R"sh(# For "kubectl curfew", put kubectl_complete-curfew into PATH; this is for "kubectl-curfew". Use: kubectl curfew completion fish | source
complete -c kubectl-curfew -f -a '(kubectl-curfew __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null | string match -v -r "^:")'
)sh";

Exit print_script(const std::string& shell, const Terminal& terminal) {
  terminal.print(shell == "bash" ? Printable(kBash) : shell == "zsh" ? Printable(kZsh) : Printable(kFish));
  return Exit::Done;
}

// Candidate to description.
using Candidates = std::map<std::string, std::string>;

void add_options(const CLI::App& app, Candidates& result) {
  for (const CLI::Option* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) {
      if (!option->get_group().empty()) result.emplace("--" + name, option->get_description());
    }
  }
}

// What `add` takes of each object; nothing if the objects cannot be listed.
template <class T>
Candidates from_list(const client::Session& session, const client::Selection& selection,
                     const std::function<void(const T&, Candidates&)>& add) {
  Candidates result;
  const auto listed = session.cluster->list_pages<T>(selection, [&](const client::Page<T>& page) {
    for (const auto& read : page.items) add(read.object, result);
  });
  return listed ? result : Candidates();
}

Candidates names_of_requests(const client::Session& session, bool only_waiting) {
  return from_list<api::AccessRequest>(session,
                                       {.ns = session.own_namespace(),
                                        .fields = only_waiting ? "status.complete!=true" : "",
                                        .labels = "",
                                        .is_cluster_scoped = session.is_cluster_wide},
                                       [](const api::AccessRequest& request, Candidates& result) {
                                         result.emplace(request.metadata.name, "");
                                       });
}

Candidates of_policies(const client::Session& session, bool roles) {
  return from_list<api::AccessPolicy>(session, {},
                                      [roles](const api::AccessPolicy& policy, Candidates& result) {
                                        if (!roles)
                                          result.emplace(policy.metadata.name, policy.spec.description);
                                        for (const auto& role : policy.spec.roles) {
                                          if (roles) result.emplace(role.name, "");
                                        }
                                      });
}

Candidates of_namespaces(const client::Session& session) {
  return from_list<api::Namespace>(session, {}, [](const api::Namespace& ns, Candidates& result) {
    result.emplace(ns.metadata.name, "");
  });
}

Candidates after_flag(const client::Session& session, const std::string& flag) {
  if (flag == "--policy") return of_policies(session, false);
  if (flag == "-n" || flag == "--namespace") return of_namespaces(session);
  if (flag == "-o" || flag == "--output") return {{"json", ""}, {"yaml", ""}};
  return {};
}

Candidates of_verb(const client::Session& session, const std::string& verb) {
  if (verb == "request" || verb == "can" || verb == "break-glass") return of_policies(session, true);
  if (verb == "approve" || verb == "deny" || verb == "revoke") return names_of_requests(session, true);
  if (verb == "extend" || verb == "review") return names_of_requests(session, true);
  if (verb == "explain" || verb == "history") return names_of_requests(session, false);
  if (verb == "completion") return {{"bash", ""}, {"fish", ""}, {"zsh", ""}};
  return {};
}

// Whether the word is a flag that takes the next word as its value.
bool takes_value(const CLI::App& app, const CLI::App* verb, const std::string& word) {
  if (!word.starts_with('-') || word.find('=') != std::string::npos) return false;
  for (const CLI::App* owner : {verb, &app}) {
    const CLI::Option* option = owner == nullptr ? nullptr : owner->get_option_no_throw(word);
    if (option != nullptr) return option->get_items_expected_max() > 0;
  }
  return false;
}

std::vector<const CLI::App*> verbs_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

// The first word that is a verb and not a flag's value; null if there is none yet.
const CLI::App* verb_among(const CLI::App& app, const std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (i > 0 && takes_value(app, nullptr, words[i - 1])) continue;
    for (const CLI::App* verb : verbs_of(app)) {
      if (verb->get_name() == words[i]) return verb;
    }
  }
  return nullptr;
}

// Whether every shell reads the candidate as one literal word. Shells, and kubectl's own scripts of older
// versions, expand candidates.
bool is_plain(std::string_view candidate) {
  constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/@-";
  return !candidate.empty() && candidate.find_first_not_of(kPlain) == std::string_view::npos;
}

// The first line of the text, with characters that a shell would expand replaced by '?'.
std::string description_of(std::string_view text) {
  constexpr std::string_view kExpanded = "$`\\";
  std::string result(text.begin(),
                     std::ranges::find_if(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }));
  std::ranges::replace_if(result, [&](char c) { return kExpanded.find(c) != std::string_view::npos; }, '?');
  return result;
}

}  // namespace

Printable complete(const CLI::App& app, const std::vector<std::string>& words,
                   const std::function<client::Session()>& session) {
  const std::string last = words.empty() ? "" : words.back();
  const CLI::App* verb = verb_among(app, words);
  Candidates found;
  if (words.size() > 1 && takes_value(app, verb, words[words.size() - 2])) {
    found = after_flag(session(), words[words.size() - 2]);
  } else if (last.starts_with('-')) {
    add_options(app, found);
    if (verb != nullptr) add_options(*verb, found);
  } else if (verb == nullptr) {
    for (const CLI::App* one : verbs_of(app)) found.emplace(one->get_name(), one->get_description());
  } else {
    found = of_verb(session(), verb->get_name());
  }
  Printable result;
  for (const auto& [candidate, description] : found) {
    if (!candidate.starts_with(last) || !is_plain(candidate)) continue;
    const std::string shown = description_of(description);
    result += Printable(candidate) + (shown.empty() ? Printable() : Printable("\t") + shown) + "\n";
  }
  return result + ":4\n";
}

Verb completion_verb(CLI::App& app) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Prints a shell's completion script");
  command->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  return {command, [shell](const Invocation& run) { return print_script(*shell, run.terminal); }};
}

}  // namespace curfew::cli
