// A pool of games together with the memory that it shows them in.
#pragma once

#include <cstdint>
#include <vector>

#include "batch/game_pool.hpp"

namespace qwop::web {

// Vectors of lanes where the browser has them.
#if defined(__wasm_simd128__)
inline constexpr auto kInstructionSet = support::InstructionSet::kSimd128;
#else
inline constexpr auto kInstructionSet = support::InstructionSet::kScalar;
#endif

class Pool {
 public:
  Pool(const game::Game& first, int games)
      : games_(first, games, 1, kInstructionSet),
        bodies_(static_cast<std::size_t>(games) * batch::kPoolGameValues),
        events_(games),
        frames_(games),
        score_(games) {}

  batch::GamePool& games() { return games_; }
  batch::PoolView view() { return {bodies_.data(), events_.data(), frames_.data(), score_.data()}; }
  // Six numbers a part, in the order of game::kReportedParts.
  const double* bodies(int game) const {
    return bodies_.data() + static_cast<std::ptrdiff_t>(game) * batch::kPoolGameValues;
  }
  std::uint8_t events(int game) const { return events_[game]; }
  std::int32_t frames(int game) const { return frames_[game]; }
  double score(int game) const { return score_[game]; }

 private:
  batch::GamePool games_;
  std::vector<double> bodies_;
  std::vector<std::uint8_t> events_;
  std::vector<std::int32_t> frames_;
  std::vector<double> score_;
};

}  // namespace qwop::web
