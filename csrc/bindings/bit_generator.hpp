// NumPy's generators of random bits, out of their capsules.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "rollout/random.hpp"

namespace qwop::bindings {

inline const rollout::BitGenerator& bit_generator(const pybind11::capsule& capsule) {
  const char* const name = capsule.name();
  if (!name || std::string(name) != "BitGenerator") {
    throw pybind11::value_error("generator must be the capsule of a numpy.random.BitGenerator");
  }
  return *capsule.get_pointer<rollout::BitGenerator>();
}

}  // namespace qwop::bindings
