#include "batch/scalar_block.hpp"

#include "env/episode.hpp"

namespace qwop::batch {

void ScalarBlock::update(std::span<const game::KeyMask> keys, std::uint64_t active) {
  for (std::size_t i = 0; i < games_.size(); ++i) {
    if ((active >> i & 1) == 0) continue;
    games_[i].hold(keys[i]);
    games_[i].update();
  }
}

void ScalarBlock::observe(int lane, std::span<float, env::kObservationSize> observation) const {
  env::observe(games_[lane], observation);
}

}  // namespace qwop::batch
