#include <stdexcept>

#include "batch/game_block.hpp"
#include "batch/lane_block.hpp"
#include "batch/lane_kernels.hpp"
#include "batch/scalar_block.hpp"

namespace qwop::batch {
namespace {

using support::InstructionSet;

const LaneKernels& kernels_for(InstructionSet set) {
  switch (set) {
#if !defined(QWOP_NO_LANES)
    case InstructionSet::kSimd128:
      return kLanesSimd128;
#endif
#if defined(QWOP_WIDE_KERNELS)
    case InstructionSet::kAvx2:
      return kLanesAvx2;
    case InstructionSet::kAvx512:
      return kLanesAvx512;
#endif
    default:
      throw std::invalid_argument("no lanes are built for this instruction set");
  }
}

}  // namespace

int block_size() { return kLanes; }

std::size_t block_bytes(InstructionSet set) {
  return set == InstructionSet::kScalar ? 0 : LaneBlock::kBytes;
}

std::unique_ptr<GameBlock> make_block(InstructionSet set, const game::Game& first, int games,
                                      support::LargePages* memory) {
  if (set == InstructionSet::kScalar) return std::make_unique<ScalarBlock>(first, games);
  return std::make_unique<LaneBlock>(kernels_for(set), first, games, memory);
}

}  // namespace qwop::batch
