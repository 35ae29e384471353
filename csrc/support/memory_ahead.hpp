// Memory that will be needed soon, asked for a little at a time while other work goes on.
#pragma once

#include <array>
#include <cstddef>

#include "support/isa.hpp"

namespace qwop::support {

class MemoryAhead {
 public:
  void clear() { count_ = 0, next_ = 0; }
  // Beyond what there is room for nothing is remembered: it would only have been a hint.
  void add(const void* from, std::size_t bytes) {
    if (count_ == kCapacity) return;
    const auto* first = static_cast<const char*>(from);
    ranges_[count_++] = {first, first + bytes};
  }

  // Asks for the next few cache lines to come into the second-level cache.
  QWOP_ALWAYS_INLINE void fetch_some() {
    constexpr int kLines = 6, kLineBytes = 64;
    if (next_ == count_) return;
    auto& [at, end] = ranges_[next_];
    for (int i = 0; i < kLines; ++i) __builtin_prefetch(at + i * kLineBytes, 0, 2);
    at += kLines * kLineBytes;
    if (at >= end) ++next_;
  }

 private:
  static constexpr int kCapacity = 96;
  struct Range {
    const char *at, *end;
  };
  std::array<Range, kCapacity> ranges_;
  int count_ = 0, next_ = 0;
};

}  // namespace qwop::support
