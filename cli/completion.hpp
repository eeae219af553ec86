#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/verb.hpp"

namespace curfew::cli {

// Completes the last of `words`, the words after "kubectl curfew", in the format that kubectl expects of its
// plugins (cobra's): one line per candidate, "CANDIDATE\tDESCRIPTION", and ":4" at the end, so that the shell
// offers no file names. Leaves out candidates with characters outside [A-Za-z0-9._:/@-]; descriptions are one
// line. An error only reduces the number of candidates.
Printable complete(const CLI::App& app, const std::vector<std::string>& words,
                   const std::function<client::Session()>& session);

}  // namespace curfew::cli
