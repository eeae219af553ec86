#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace curfew::log {

enum class Level { Debug, Info, Warn, Error };

struct Field {
  std::string_view key;  // snake_case
  std::string value;
};

// JSON lines on standard error, through spdlog: {"time":...,"level":"info","msg":...,KEY:VALUE...}. Call
// once, before any thread starts.
void init(Level level);
std::string_view level_names();  // "debug, info, warn, error": for the flag's help
bool parse_level(std::string_view name, Level& level);

// The message is constant; variable parts go into fields. Thread-safe.
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::Error, message, fields);
}

}  // namespace curfew::log
