// Memory for vectors, and whether tensors have changed.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace qwop::learner {

// Zeroed memory for vectors of any instruction set.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::ptrdiff_t size = 0) {
    constexpr std::size_t kAlignment = 64;
    const auto bytes =
        (static_cast<std::size_t>(size) * sizeof(T) + kAlignment) / kAlignment * kAlignment;
    data_.reset(static_cast<T*>(std::aligned_alloc(kAlignment, bytes)));
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, bytes);
  }
  T* get() const { return data_.get(); }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
};

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
