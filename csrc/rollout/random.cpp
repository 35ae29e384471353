#include "rollout/random.hpp"

namespace qwop::rollout {

void draw_below(const BitGenerator& generator, std::int64_t bound, std::span<std::int64_t> drawn) {
  // The low bits of 32-bit numbers, drawn again until they are below the bound.
  const auto greatest = static_cast<std::uint32_t>(bound - 1);
  std::uint32_t mask = greatest;
  for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
  for (std::int64_t& to : drawn) {
    std::uint32_t value = 0;
    if (greatest > 0) {
      do {
        value = generator.next_uint32(generator.state) & mask;
      } while (value > greatest);
    }
    to = value;
  }
}

std::int64_t draw_integer(const BitGenerator& generator, std::int64_t bound) {
  if (bound == 1) return 0;  // without a draw
  // Lemire's method: the upper half of a product, drawn again where the lower would favor some.
  const auto below = static_cast<std::uint32_t>(bound);
  const auto product = [&] {
    return std::uint64_t{generator.next_uint32(generator.state)} * below;
  };
  std::uint64_t drawn = product();
  if (static_cast<std::uint32_t>(drawn) < below) {
    const std::uint32_t threshold = (UINT32_MAX - (below - 1)) % below;
    while (static_cast<std::uint32_t>(drawn) < threshold) drawn = product();
  }
  return static_cast<std::int64_t>(drawn >> 32);
}

}  // namespace qwop::rollout
