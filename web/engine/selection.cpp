#include "engine/selection.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <unordered_map>
#include <unordered_set>

namespace qwop::web {
namespace {

constexpr int kPoseCap = 8;  // states of nearly the same pose that a level keeps
// Torso, left thigh and calf, right thigh and calf, among the reported parts.
constexpr int kLimbs[] = {0, 6, 3, 11, 8};

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

std::uint64_t name_of(const double* bodies) {
  std::uint64_t hash = 1;
  for (int i = 0; i < batch::kPoolGameValues; ++i) {
    std::uint64_t word;
    std::memcpy(&word, bodies + i, sizeof word);
    hash = mix(hash, word);
  }
  return hash;
}

// The same for poses within a quarter of a radian and a world unit.
std::uint64_t pose_of(const double* bodies) {
  std::uint64_t hash = 2;
  const auto add = [&](double cell) {
    hash = mix(hash, static_cast<std::uint64_t>(static_cast<std::int64_t>(std::rint(cell))));
  };
  for (const int limb : kLimbs) add(bodies[limb * batch::kPoolPartValues + 2] * 4.0);
  add(bodies[1]);
  return hash;
}

}  // namespace

std::vector<std::int32_t> best_of(const Pool& pool, std::span<const std::int32_t> rows,
                                  std::span<const double> ranks, int width) {
  std::vector<std::int32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return ranks[a] > ranks[b]; });
  std::unordered_set<std::uint64_t> seen;
  std::unordered_map<std::uint64_t, int> poses;
  std::vector<std::int32_t> chosen;
  for (const int i : order) {
    if (static_cast<int>(chosen.size()) == width) break;
    const double* bodies = pool.bodies(rows[i]);
    if (!seen.insert(name_of(bodies)).second) continue;
    if (poses[pose_of(bodies)]++ >= kPoseCap) continue;
    chosen.push_back(rows[i]);
  }
  return chosen;
}

}  // namespace qwop::web
