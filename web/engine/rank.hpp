// Which states a plan prefers, as qwop_native/search/planner.py ranks them: progress, the critic's
// value, and the posture of those who have not got going.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/critic.hpp"
#include "engine/pool.hpp"

namespace qwop::web {

class Rank {
 public:
  Rank(const physics::Scene& scene, Critic critic);

  void seed(std::uint32_t seed) { random_ = seed * 2654435769u + 1u; }
  // Ranks, world units, of the states of a pool that rows name; the larger the better.
  void order(const Pool& pool, std::span<const std::int32_t> rows, std::span<double> ranks);

 private:
  double noise();

  std::vector<double> shares_;  // of the mass, by part
  Critic critic_;
  std::uint64_t random_ = 1;
  std::vector<float> observations_, values_;
};

}  // namespace qwop::web
