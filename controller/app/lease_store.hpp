#pragma once

#include "kube/client.hpp"
#include "runtime/leader_elector.hpp"

namespace curfew::app {

// The elector's Lease over the typed client. The client's own deadline for a call must be below the elector's.
class ClientLeaseStore final : public runtime::LeaseStore {
 public:
  ClientLeaseStore(kube::Client& client, api::ObjectKey key) : client_(client), key_(std::move(key)) {}

  Result<api::Lease> get(std::chrono::milliseconds, std::stop_token stop) override { return client_.get<api::Lease>(key_, std::move(stop)); }
  Result<api::Lease> create(const api::Lease& lease, std::chrono::milliseconds, std::stop_token stop) override {
    return client_.create(lease, std::move(stop));
  }
  Result<api::Lease> update(const api::Lease& lease, std::chrono::milliseconds, std::stop_token stop) override {
    return client_.update(lease, std::move(stop));
  }

 private:
  kube::Client& client_;
  const api::ObjectKey key_;
};

}  // namespace curfew::app
