// The draws, and each operation on floats, are those of the NumPy code that this replaces.
#include "rollout/snapshot_buckets.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "rollout/numpy_sum.hpp"

namespace qwop::rollout {
namespace {

constexpr double kDecay = 0.999;     // of what is remembered of deaths, at each new one
constexpr double kLeadUnits = 60.0;  // a practice begins up to so far before the place of a death
constexpr double kFirstX = -20.0, kLastX = 1040.0;
constexpr double kEvenShare = 0.1;  // of the mean weight, for places where nobody has died
constexpr double kLeastUnits = 1e-3;

}  // namespace

SnapshotBuckets::SnapshotBuckets(double units, std::int64_t size) : units_(units), size_(size) {
  if (!(units >= kLeastUnits)) {
    throw std::invalid_argument("a bucket must be 0.001 world units wide or more, got " +
                                std::to_string(units));
  }
  if (size < 1) {
    throw std::invalid_argument("a bucket must hold 1 game or more, got " + std::to_string(size));
  }
  games_.resize(bucket_of(kLastX) + 1);
  deaths_.assign(games_.size(), 1.0);
}

std::size_t SnapshotBuckets::bucket_of(double x) const {
  const double inside = std::min(std::max(kFirstX, x), kLastX);
  return static_cast<std::size_t>((inside - kFirstX) / units_);
}

void SnapshotBuckets::died(std::span<const double> places) {
  if (places.empty()) return;
  const double decay = std::pow(kDecay, static_cast<double>(places.size()));
  std::vector<std::int64_t> counts(deaths_.size());
  for (const double place : places) ++counts[bucket_of(place)];
  for (std::size_t i = 0; i < deaths_.size(); ++i) {
    deaths_[i] = deaths_[i] * decay + static_cast<double>(counts[i]);
  }
}

void SnapshotBuckets::add(const BitGenerator& generator, double x, const game::Game& game) {
  auto& games = games_[bucket_of(x)];
  if (std::cmp_less(games.size(), size_)) {
    games.push_back(game);
    ++kept_;
  } else {
    games[static_cast<std::size_t>(draw_integer(generator, size_))] = game;
  }
}

std::vector<double> SnapshotBuckets::weights_summed() const {
  const double even = kEvenShare * numpy_mean(deaths_);
  std::vector<double> edges(deaths_.size());
  double total = 0.0;
  for (std::size_t i = 0; i < edges.size(); ++i) edges[i] = total += deaths_[i] + even;
  return edges;
}

// Of each bucket the nearest that keeps a game, itself or one before it; -1 for none.
std::vector<std::ptrdiff_t> SnapshotBuckets::filled_at_or_before() const {
  std::vector<std::ptrdiff_t> found(games_.size());
  std::ptrdiff_t last = -1;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!games_[i].empty()) last = static_cast<std::ptrdiff_t>(i);
    found[i] = last;
  }
  return found;
}

void SnapshotBuckets::draw(const BitGenerator& generator,
                           std::span<const game::Game*> drawn) const {
  std::ranges::fill(drawn, nullptr);
  if (drawn.empty() || kept_ == 0) return;
  // Three numbers a draw: a place where runners die, how far before it, which game there.
  const std::size_t count = drawn.size();
  std::vector<double> random(3 * count);
  draw_uniform(generator, random);
  const auto edges = weights_summed();
  const auto filled = filled_at_or_before();
  const double leads = std::trunc(kLeadUnits / units_) + 1.0;
  const auto last = static_cast<std::int64_t>(edges.size()) - 1;
  for (std::size_t i = 0; i < count; ++i) {
    const double where = random[i] * edges.back();
    const auto found = std::ranges::upper_bound(edges, where) - edges.begin();
    std::int64_t place = std::min(static_cast<std::int64_t>(found), last);
    place -= static_cast<std::int64_t>(random[count + i] * leads);
    const auto bucket = filled[static_cast<std::size_t>(std::max<std::int64_t>(place, 0))];
    if (bucket < 0) continue;
    const auto& games = games_[static_cast<std::size_t>(bucket)];
    const double row = random[2 * count + i] * static_cast<double>(games.size());
    drawn[i] = &games[static_cast<std::size_t>(row)];
  }
}

void SnapshotBuckets::restore(Games games, std::span<const double> deaths) {
  std::size_t most = 0;
  for (const auto& each : games) most = std::max(most, each.size());
  if (games.size() != games_.size() || deaths.size() != deaths_.size() ||
      std::cmp_greater(most, size_)) {
    throw std::invalid_argument("the state is of " + std::to_string(games.size()) +
                                " buckets of up to " + std::to_string(most) + " games, these are " +
                                std::to_string(games_.size()) + " of " + std::to_string(size_));
  }
  games_ = std::move(games);
  std::ranges::copy(deaths, deaths_.begin());
  kept_ = 0;
  for (const auto& each : games_) kept_ += static_cast<std::int64_t>(each.size());
}

}  // namespace qwop::rollout
