// NumPy's generators of random bits.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <string>

namespace qwop::bindings {

// What numpy's C interface calls bitgen_t, in the capsule of a numpy.random.BitGenerator.
struct BitGenerator {
  void* state;
  std::uint64_t (*next_uint64)(void*);
  std::uint32_t (*next_uint32)(void*);
  double (*next_double)(void*);
  std::uint64_t (*next_raw)(void*);
};

inline const BitGenerator& bit_generator(const pybind11::capsule& capsule) {
  const char* const name = capsule.name();
  if (!name || std::string(name) != "BitGenerator") {
    throw pybind11::value_error("generator must be the capsule of a numpy.random.BitGenerator");
  }
  return *capsule.get_pointer<BitGenerator>();
}

}  // namespace qwop::bindings
