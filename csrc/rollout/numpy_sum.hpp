// Sums of float64 in the order in which NumPy's np.sum adds a contiguous array, for the same bits.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace qwop::rollout {

// NumPy's pairwise summation: eight sums side by side in blocks of up to 128, halves above that.
inline double numpy_sum(std::span<const double> values) {
  constexpr std::size_t kBlock = 128, kSums = 8;
  const std::size_t count = values.size();
  if (count > kBlock) {
    std::size_t half = count / 2;
    half -= half % kSums;
    return numpy_sum(values.first(half)) + numpy_sum(values.subspan(half));
  }
  double total = 0.0;
  std::size_t done = 0;
  if (count >= kSums) {
    std::array<double, kSums> sums;
    for (; done < kSums; ++done) sums[done] = values[done];
    for (; done + kSums <= count; done += kSums) {
      for (std::size_t i = 0; i < kSums; ++i) sums[i] += values[done + i];
    }
    total =
        ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  }
  for (; done < count; ++done) total += values[done];
  return total;
}

inline double numpy_mean(std::span<const double> values) {
  return numpy_sum(values) / static_cast<double>(values.size());
}

}  // namespace qwop::rollout
