#include "guard/ledger_store.hpp"

#include "api/names.hpp"

namespace curfew::guard {
namespace {

constexpr const char* kField = "ledger";

const kube::Resource& config_maps() {
  static const kube::Resource resource{.path = "/api/v1", .plural = "configmaps", .kind = "ConfigMap"};
  return resource;
}

}  // namespace

Result<std::optional<GuardLedger>> GuardLedgerStore::load(std::stop_token stop) {
  auto stored = client_.get_raw(kube::target_of(config_maps(), name_space_, api::kGuardConfigMap), stop);
  if (!stored) {
    if (stored.error().kind == ErrorKind::NotFound) return std::nullopt;
    return tl::unexpected(stored.error());
  }
  const auto data = stored->find("data");
  if (data == stored->end() || !data->is_object()) return std::nullopt;
  const auto text = data->find(kField);
  if (text == data->end() || !text->is_string()) return std::nullopt;
  return decode_ledger(text->get_ref<const std::string&>());
}

Result<void> GuardLedgerStore::save(const GuardLedger& ledger, std::stop_token stop) {
  const nlohmann::json object{{"apiVersion", "v1"},
                              {"kind", "ConfigMap"},
                              {"metadata", {{"name", api::kGuardConfigMap}, {"namespace", name_space_}}},
                              {"data", {{kField, encode(ledger)}}}};
  auto updated = client_.send_json(
      http::Method::Put, kube::target_of(config_maps(), name_space_, api::kGuardConfigMap), object, stop);
  if (!updated && updated.error().kind == ErrorKind::NotFound) {
    updated =
        client_.send_json(http::Method::Post, kube::target_of(config_maps(), name_space_), object, stop);
  }
  if (!updated) return tl::unexpected(updated.error());
  return {};
}

}  // namespace curfew::guard
