#pragma once

#include <string>
#include <string_view>

#include "http/transport.hpp"

namespace curfew::http {

// Turns bytes, cut anywhere, into lines. What follows the last newline of a stream is no line: whoever resumes gets it again, whole.
class LineSplitter {
 public:
  enum class Outcome { More, Stopped, TooLong };

  explicit LineSplitter(std::size_t longest) : longest_(longest) {}

  // Stopped: the sink wants no more.
  Outcome feed(std::string_view bytes, const LineSink& sink) {
    while (true) {
      const std::size_t newline = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, newline);
      if (carried_.size() + piece.size() > longest_) return Outcome::TooLong;
      if (newline == std::string_view::npos) {
        carried_ += piece;
        return Outcome::More;
      }
      bytes.remove_prefix(newline + 1);
      if (!hand_on(piece, sink)) return Outcome::Stopped;
    }
  }

 private:
  bool hand_on(std::string_view piece, const LineSink& sink) {
    if (carried_.empty()) return sink(piece);
    carried_ += piece;
    const bool more = sink(carried_);
    carried_.clear();
    return more;
  }

  std::size_t longest_;
  std::string carried_;
};

}  // namespace curfew::http
