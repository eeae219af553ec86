#pragma once

#include <string>

#include "audit/key.hpp"

namespace curfew {

// The same key for the same arguments.
inline audit::SigningKey test_key(const std::string& name, char seed = 'a',
                                  audit::SignatureType type = audit::SignatureType::Note) {
  return audit::SigningKey::from_seed(name, type, std::string(32, seed)).value();
}

inline audit::SigningKey test_witness(const std::string& name, char seed = 'w') {
  return test_key(name, seed, audit::SignatureType::Cosignature);
}

}  // namespace curfew
