#include "api/coordination.hpp"

#include "api/fields.hpp"
#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

template <class V>
static void fields(V& v, Either<Lease> auto& value) {
  v.always("metadata", value.metadata);
  v.nested("spec", [&](auto&& spec) {
    spec.field("holderIdentity", value.holder_identity);
    spec.field("leaseDurationSeconds", value.lease_duration_seconds);  // the API server refuses 0
    spec.micro("acquireTime", value.acquire_time);
    spec.micro("renewTime", value.renew_time);
    spec.always("leaseTransitions", value.lease_transitions);
  });
}

template Result<Lease> decode(const nlohmann::json& json);

nlohmann::json encode(const Lease& lease) {
  return json_of_kind(lease);
}

}  // namespace curfew::api
