#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

// The functions that untrusted bytes reach. An exception or a sanitizer report is a finding.
namespace curfew::fuzz {

void watch_lines(std::string_view input);  // a watch's stream
void list_pages(std::string_view input);   // a list, or an error, of the API server
void kubeconfig(std::string_view input);   // YAML
void durations(std::string_view input);    // 1h30m
void times(std::string_view input);        // RFC 3339
void policies(std::string_view input);     // an AccessPolicy
void decisions(std::string_view input);    // an input of core::decide: see targets/core.cpp
void patterns(std::string_view input);     // a line with the expression, then the reason
void notes(std::string_view input);        // a signed note, checkpoint, key or proof of inclusion
void leaves(std::string_view input);       // a leaf of the audit log, a record, a tile or its path

struct Target {
  std::string_view name;  // of its folder in corpus/, and of its program: fuzz_NAME
  void (*run)(std::string_view input);
};

std::span<const Target> targets();

// A property that holds for every input.
inline void must(bool holds, const std::string& rule) {
  if (!holds) throw std::logic_error("does not hold: " + rule);
}

inline bool is_one_line(const std::string& text) {
  return text.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos;
}

}  // namespace curfew::fuzz
