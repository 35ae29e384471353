// The four keys as a bit mask.
#pragma once

#include <cstdint>

namespace qwop::game {

using KeyMask = std::uint8_t;

inline constexpr KeyMask kQ = 1;
inline constexpr KeyMask kW = 2;
inline constexpr KeyMask kO = 4;
inline constexpr KeyMask kP = 8;
inline constexpr KeyMask kAllKeys = kQ | kW | kO | kP;

}  // namespace qwop::game
