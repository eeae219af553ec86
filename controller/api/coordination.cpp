#include "api/coordination.hpp"

#include "api/reader.hpp"
#include "api/writer.hpp"

namespace curfew::api {

void read(const Reader& reader, Lease& value) {
  reader.get("metadata", value.metadata);
  const Reader spec = reader.at("spec");
  spec.get("holderIdentity", value.holder_identity);
  spec.get("leaseDurationSeconds", value.lease_duration_seconds);
  spec.get("acquireTime", value.acquire_time);
  spec.get("renewTime", value.renew_time);
  spec.get("leaseTransitions", value.lease_transitions);
}

template Result<Lease> decode(const nlohmann::json& json);

nlohmann::json encode(const Lease& lease) {
  Writer spec;
  spec.put("holderIdentity", lease.holder_identity).put_always("leaseTransitions", lease.lease_transitions);
  // The API server refuses a duration of 0.
  if (lease.lease_duration_seconds > 0) spec.put_always("leaseDurationSeconds", lease.lease_duration_seconds);
  if (lease.acquire_time) spec.put_micro("acquireTime", *lease.acquire_time);
  if (lease.renew_time) spec.put_micro("renewTime", *lease.renew_time);
  nlohmann::json json = head_of(lease);
  json["spec"] = spec.done();
  return json;
}

}  // namespace curfew::api
