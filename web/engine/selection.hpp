// Which states of a level go on: the best, no two the same and few of nearly the same pose.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/pool.hpp"

namespace qwop::web {

// Those of `rows`, best first, `width` at most.
std::vector<std::int32_t> best_of(const Pool& pool, std::span<const std::int32_t> rows,
                                  std::span<const double> ranks, int width);

}  // namespace qwop::web
