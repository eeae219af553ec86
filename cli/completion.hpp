#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/session.hpp"

namespace curfew::cli {

// The candidates for the last of the words that follow "kubectl curfew", in the form in which kubectl asks its plugins (cobra's): a line each, "CANDIDATE\tWHAT IT IS",
// and ":4" at the end, so that no file names are offered. Whatever goes wrong, there are fewer candidates.
std::string complete(const CLI::App& app, const std::vector<std::string>& words, const std::function<Session()>& session);

}  // namespace curfew::cli
