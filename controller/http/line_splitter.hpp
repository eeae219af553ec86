#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "http/transport.hpp"

namespace curfew::http {

// Splits bytes, cut anywhere, into lines. Drops what follows the last newline of a stream: a resumed stream
// delivers it again, whole.
class LineSplitter {
 public:
  enum class Outcome { More, Stopped, TooLong };

  explicit LineSplitter(std::size_t longest) : longest_(longest) {}

  // Stopped: the sink returned false. TooLong: a line is longer than `longest` and the sink takes no cut
  // lines.
  Outcome feed(std::string_view bytes, const LineSink& sink) {
    while (true) {
      const std::size_t newline = bytes.find('\n');
      const std::string_view piece = bytes.substr(0, newline);
      const bool ends = newline != std::string_view::npos;
      if (carried_.size() + piece.size() > longest_) {
        if (!sink.takes_cut_lines()) return Outcome::TooLong;
        carried_ += piece.substr(0, longest_ - std::min(longest_, carried_.size()));
        is_cut_ = true;
      } else if (!ends) {
        carried_ += piece;
      }
      if (!ends) return Outcome::More;
      bytes.remove_prefix(newline + 1);
      if (!(is_cut_ ? hand_on_cut(sink) : hand_on(piece, sink))) return Outcome::Stopped;
    }
  }

 private:
  bool hand_on(std::string_view piece, const LineSink& sink) {
    if (carried_.empty()) return sink(piece);
    carried_ += piece;
    const bool more = sink(carried_);
    reset();
    return more;
  }

  bool hand_on_cut(const LineSink& sink) {
    is_cut_ = false;
    const bool more = sink.cut_line(carried_);
    reset();
    return more;
  }

  // A stream lives for minutes: do not keep the memory of its longest line.
  void reset() {
    if (carried_.capacity() > kKept) carried_ = {};
    carried_.clear();
  }

  static constexpr std::size_t kKept = std::size_t{64} << 10;  // bytes

  std::size_t longest_;
  std::string carried_;
  bool is_cut_ = false;  // the current line is too long and `carried_` holds its beginning
};

}  // namespace curfew::http
