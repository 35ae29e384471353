// Numbers from NumPy's generators of random bits, drawn as NumPy draws them.
#pragma once

#include <cstdint>
#include <span>

namespace qwop::rollout {

// What numpy's C interface calls bitgen_t, in the capsule of a numpy.random.BitGenerator.
struct BitGenerator {
  void* state;
  std::uint64_t (*next_uint64)(void*);
  std::uint32_t (*next_uint32)(void*);
  double (*next_double)(void*);
  std::uint64_t (*next_raw)(void*);
};

// Fills `drawn` as RandomState.randint(0, bound) would, whose stream numpy keeps as it is. The
// bound is from 1 to 2**31.
void draw_below(const BitGenerator& generator, std::int64_t bound, std::span<std::int64_t> drawn);

// What Generator.integers(bound) draws. The bound is from 1 to 2**32 - 1.
std::int64_t draw_integer(const BitGenerator& generator, std::int64_t bound);

// Fills `drawn` as Generator.random would.
inline void draw_uniform(const BitGenerator& generator, std::span<double> drawn) {
  for (double& to : drawn) to = generator.next_double(generator.state);
}

}  // namespace qwop::rollout
