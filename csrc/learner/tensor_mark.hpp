// Whether tensors have changed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace qwop::learner {

// A number that changes when the contents do: of some 16 words spread over each tensor. Every
// update, copy or load of a network changes all of its tensors.
inline std::uint64_t mark_of(std::span<const float* const> tensors,
                             std::span<const std::ptrdiff_t> sizes) {
  constexpr std::ptrdiff_t kWords = 16;
  std::uint64_t mark[4] = {1, 2, 3, 4};
  for (std::size_t t = 0; t < tensors.size(); ++t) {
    const std::ptrdiff_t step = std::max<std::ptrdiff_t>(sizes[t] / kWords, 1);
    for (std::ptrdiff_t i = 0; i < sizes[t]; i += step) {
      std::uint32_t word;
      std::memcpy(&word, tensors[t] + i, sizeof word);
      std::uint64_t& part = mark[i / step % 4];
      part = (part ^ word) * 0x9E3779B97F4A7C15u;
      part ^= part >> 32;
    }
  }
  return ((mark[0] * 31 + mark[1]) * 31 + mark[2]) * 31 + mark[3];
}

}  // namespace qwop::learner
