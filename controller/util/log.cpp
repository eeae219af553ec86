#include "util/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace curfew::log {
namespace {

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::Debug: return spdlog::level::debug;
    case Level::Info: return spdlog::level::info;
    case Level::Warn: return spdlog::level::warn;
    case Level::Error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

// Foreign text (an object's name, a message of the API server) can contain anything: replaces invalid UTF-8
// and escapes the rest.
std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void init(Level level) {
  auto logger = std::make_shared<spdlog::logger>("curfew", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(logger));
}

std::string_view level_names() {
  return "debug, info, warn, error";
}

bool parse_level(std::string_view name, Level& level) {
  if (name == "debug")
    level = Level::Debug;
  else if (name == "info")
    level = Level::Info;
  else if (name == "warn")
    level = Level::Warn;
  else if (name == "error")
    level = Level::Error;
  else
    return false;
  return true;
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  auto* logger = spdlog::default_logger_raw();
  if (!logger->should_log(to_spdlog(level))) return;
  std::string line = "\"msg\":" + json_string(message);
  for (const Field& field : fields) line += "," + json_string(field.key) + ":" + json_string(field.value);
  logger->log(to_spdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace curfew::log
