#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "api/access_request.hpp"
#include "util/guarded.hpp"

namespace curfew::reconcile {

// Which live requests extend which, by the names in their spec.extends. Thread-safe.
class ExtensionIndex {
 public:
  // Called by the requests' reflector for each change.
  void observe(const std::shared_ptr<const api::AccessRequest>& before,
               const std::shared_ptr<const api::AccessRequest>& after);

  // The requests that name `extended` in their spec, ordered by name.
  std::vector<api::ObjectKey> of(const api::ObjectKey& extended) const;

 private:
  Guarded<std::map<api::ObjectKey, std::set<std::string>>> names_;  // no empty sets
};

// What the request names in its spec.extends.
api::ObjectKey extended_key(const api::AccessRequest& request);

}  // namespace curfew::reconcile
