#pragma once

#include <string>
#include <vector>

#include "api/meta.hpp"

// What an API server says of the resources that it serves.
namespace curfew::api {

// /apis/GROUP
struct ApiGroup {
  static constexpr std::string_view kKind = "APIGroup";

  struct Version {
    std::string version;
  };
  ObjectMeta metadata;  // empty
  std::vector<Version> versions;
};

// /api/v1, /apis/GROUP/VERSION
struct ApiResourceList {
  static constexpr std::string_view kKind = "APIResourceList";

  struct Resource {
    std::string name;  // "nodes", "nodes/proxy"
    bool namespaced = false;
  };
  ObjectMeta metadata;  // empty
  std::vector<Resource> resources;
};

}  // namespace curfew::api
