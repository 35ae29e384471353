// Where episodes start but at the line: at moments of earlier ones shortly before trouble.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "game/game.hpp"
#include "rollout/random.hpp"

namespace qwop::rollout {

// Games under way, sorted by the place of the torso, drawn where runners die.
class SnapshotBuckets {
 public:
  using Games = std::vector<std::vector<game::Game>>;

  // `units` is the width of a bucket in world units, `size` how many games each keeps; a new one
  // replaces one at random. Throws std::invalid_argument where they are too small.
  SnapshotBuckets(double units, std::int64_t size);

  std::int64_t kept() const { return kept_; }
  const Games& games() const { return games_; }
  std::span<const double> deaths() const { return deaths_; }

  // Remembers where runners died, world units.
  void died(std::span<const double> places);
  // Keeps a game at the place `x`.
  void add(const BitGenerator& generator, double x, const game::Game& game);
  // Games shortly before places of many deaths, null where none is kept there or before. They are
  // the buckets' own, until the next change of these.
  void draw(const BitGenerator& generator, std::span<const game::Game*> drawn) const;
  // Puts back what games() and deaths() have returned. Throws std::invalid_argument, with nothing
  // changed, if they are of other buckets.
  void restore(Games games, std::span<const double> deaths);

 private:
  std::size_t bucket_of(double x) const;
  std::vector<double> weights_summed() const;
  std::vector<std::ptrdiff_t> filled_at_or_before() const;

  double units_;
  std::int64_t size_;
  std::int64_t kept_ = 0;
  Games games_;
  std::vector<double> deaths_;
};

}  // namespace qwop::rollout
