#include <stdexcept>

#include "batch/game_block.hpp"
#include "batch/scalar_block.hpp"

namespace qwop::batch {

std::vector<std::string> instruction_sets() { return {"scalar"}; }

int block_size(const std::string&) { return 16; }

std::unique_ptr<GameBlock> make_block(const std::string&, const game::Game& first, int games) {
  return std::make_unique<ScalarBlock>(first, games);
}

}  // namespace qwop::batch
