#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/session.hpp"

namespace curfew::cli {

// The candidates for the last of the words that follow "kubectl curfew", in the form in which kubectl asks
// its plugins (cobra's): a line each, "CANDIDATE\tWHAT IT IS", and ":4" at the end, so that no file names are
// offered. Candidates are made of [A-Za-z0-9._:/@-], others are left out; descriptions are one line. Whatever
// goes wrong, there are fewer candidates.
Printable complete(const CLI::App& app, const std::vector<std::string>& words,
                   const std::function<Session()>& session);

}  // namespace curfew::cli
