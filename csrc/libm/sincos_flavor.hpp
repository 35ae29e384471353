// Which sine and cosine a browser has. They differ in the last bit of few results, and that is
// enough for a run to diverge within tens of frames.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace qwop {

enum class SinCosFlavor : std::uint8_t {
  Glibc = 0,     // glibc's algorithm, every operation rounded: Chromium built the upstream way
  GlibcFma = 1,  // the same with some operations fused: Debian's Chromium on a CPU that has FMA
  Fdlibm = 2,    // Sun's fdlibm: Node and QtWebEngine
};

inline constexpr int kSinCosFlavors = 3;

constexpr std::string_view to_string(SinCosFlavor flavor) {
  constexpr std::string_view kNames[kSinCosFlavors] = {"glibc", "glibc-fma", "fdlibm"};
  return kNames[static_cast<int>(flavor)];
}

// Throws std::invalid_argument, naming the accepted spellings, for any other name.
inline SinCosFlavor parse_sincos_flavor(std::string_view name) {
  for (int i = 0; i < kSinCosFlavors; ++i) {
    const auto flavor = static_cast<SinCosFlavor>(i);
    if (name == to_string(flavor)) return flavor;
  }
  throw std::invalid_argument("sincos must be 'glibc', 'glibc-fma' or 'fdlibm', not '" +
                              std::string(name) + "'");
}

}  // namespace qwop
