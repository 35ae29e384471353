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

}  // namespace qwop::rollout
