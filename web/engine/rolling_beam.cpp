#include "engine/rolling_beam.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/selection.hpp"

namespace qwop::web {
namespace {

// The essential ones: nothing, each key, and the pairs of a thigh and a calf.
constexpr std::array<game::KeyMask, 9> kActions{0, 1, 2, 4, 8, 5, 9, 6, 10};
constexpr int kFrames = 3;  // of a decision

}  // namespace

RollingBeam::RollingBeam(const game::Game& first, int width, Critic critic)
    : width_(width),
      kept_(first, width),
      tried_(first, width * static_cast<int>(kActions.size())),
      rank_(first.world().scene(), std::move(critic)),
      root_(first) {}

void RollingBeam::begin(const game::Game& root, std::uint32_t seed) {
  root_ = root;
  rank_.seed(seed);
  kept_.games().set(0, root, kept_.view());
  rows_ = {0};
  levels_.clear();
  home_.reset();
  dead_ = false;
}

int RollingBeam::depth() const { return static_cast<int>(home_ ? home_->size() : levels_.size()); }

int RollingBeam::deepen(int width) {
  Level all;
  std::vector<std::int32_t> sources;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    for (const auto keys : kActions) {
      all.parents.push_back(static_cast<std::int32_t>(i));
      all.keys.push_back(keys);
      sources.push_back(rows_[i]);
    }
  }
  const int count = static_cast<int>(sources.size());
  tried_.games().expand(kept_.games(), sources, all.keys, kFrames, tried_.view());
  if (find_finish(all)) return count;
  std::vector<std::int32_t> running;
  for (int i = 0; i < count; ++i) {
    constexpr auto kOver = game::events::kFallen | game::events::kLanded;
    if ((tried_.events(i) & kOver) == 0) running.push_back(i);
  }
  dead_ = running.empty();
  if (dead_) return count;
  std::vector<double> ranks(running.size());
  rank_.order(tried_, running, ranks);
  const auto chosen = best_of(tried_, running, ranks, std::min(width, width_));
  kept_.games().take(tried_.games(), chosen, kept_.view());
  Level level;
  rows_.clear();
  for (const int row : chosen) {
    rows_.push_back(static_cast<std::int32_t>(rows_.size()));
    level.parents.push_back(all.parents[row]);
    level.keys.push_back(all.keys[row]);
  }
  levels_.push_back(std::move(level));
  return count;
}

bool RollingBeam::find_finish(const Level& all) {
  int best = -1;
  for (int i = 0; i < static_cast<int>(all.keys.size()); ++i) {
    if ((tried_.events(i) & game::events::kLanded) == 0) continue;
    if (tried_.score(i) < game::kFinishScore) continue;
    if (best < 0 || tried_.frames(i) < tried_.frames(best)) best = i;
  }
  if (best < 0) return false;
  home_ = path(all.parents[best]);
  home_->push_back(all.keys[best]);
  return true;
}

std::vector<game::KeyMask> RollingBeam::path(int index) const {
  std::vector<game::KeyMask> keys;
  for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
    keys.push_back(level->keys[index]);
    index = level->parents[index];
  }
  std::reverse(keys.begin(), keys.end());
  return keys;
}

game::KeyMask RollingBeam::decide() {
  // The best state of the last level is its first.
  const auto ahead = home_ ? *home_ : path(0);
  if (ahead.empty()) return 0;  // nothing lives on, whatever is pressed
  root_.hold(ahead.front());
  for (int frame = 0; frame < kFrames && !root_.status().ended; ++frame) root_.update();
  if (home_) {
    home_->erase(home_->begin());
  } else {
    keep_followers();
  }
  return ahead.front();
}

void RollingBeam::keep_followers() {
  int index = 0;
  for (std::size_t i = levels_.size() - 1; i > 0; --i) index = levels_[i].parents[index];
  std::vector<std::int32_t> places(levels_.front().keys.size(), -1);  // -1: does not follow
  places[index] = 0;
  std::vector<Level> levels;
  for (std::size_t i = 1; i < levels_.size(); ++i) {
    Level followers;
    std::vector<std::int32_t> next(levels_[i].keys.size(), -1);
    for (std::size_t k = 0; k < next.size(); ++k) {
      const auto parent = places[levels_[i].parents[k]];
      if (parent < 0) continue;
      next[k] = static_cast<std::int32_t>(followers.keys.size());
      followers.parents.push_back(parent);
      followers.keys.push_back(levels_[i].keys[k]);
    }
    levels.push_back(std::move(followers));
    places = std::move(next);
  }
  std::vector<std::int32_t> rows;
  for (std::size_t k = 0; k < places.size(); ++k) {
    if (places[k] >= 0) rows.push_back(rows_[k]);
  }
  levels_ = std::move(levels);
  rows_ = std::move(rows);
}

}  // namespace qwop::web
