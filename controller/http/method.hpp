#pragma once

#include <string_view>

namespace curfew::http {

enum class Method { Get, Post, Put, Patch, Delete };

std::string_view to_string(Method method);

}  // namespace curfew::http
