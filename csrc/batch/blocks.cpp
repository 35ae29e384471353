#include <array>
#include <stdexcept>

#include "batch/game_block.hpp"
#include "batch/lane_block.hpp"
#include "batch/lane_kernels.hpp"
#include "batch/scalar_block.hpp"

namespace qwop::batch {
namespace {

struct InstructionSet {
  const char* name;
  const LaneKernels* kernels;
  bool (*supported)();
};

[[maybe_unused]] bool always() { return true; }
#if defined(QWOP_HAVE_AVX_KERNELS)
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd");
}
#endif

// Slowest first. Which kernels exist is the build's choice, see CMakeLists.txt.
constexpr std::array kInstructionSets{
#if defined(__aarch64__)
    InstructionSet{"neon", &kLanesSimd128, always},
#else
    InstructionSet{"sse2", &kLanesSimd128, always},
#endif
#if defined(QWOP_HAVE_AVX_KERNELS)
    InstructionSet{"avx2", &kLanesAvx2, has_avx2},
    InstructionSet{"avx512", &kLanesAvx512, has_avx512},
#endif
};

constexpr const char* kScalar = "scalar";

}  // namespace

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names{kScalar};
  for (const auto& set : kInstructionSets) {
    if (set.supported()) names.emplace_back(set.name);
  }
  return names;
}

int block_size(const std::string&) { return kLanes; }

std::size_t block_bytes(const std::string& instruction_set) {
  return instruction_set == kScalar ? 0 : LaneBlock::kBytes;
}

std::unique_ptr<GameBlock> make_block(const std::string& instruction_set, const game::Game& first,
                                      int games, std::pmr::memory_resource* memory) {
  if (instruction_set == kScalar) return std::make_unique<ScalarBlock>(first, games);
  for (const auto& set : kInstructionSets) {
    if (instruction_set == set.name)
      return std::make_unique<LaneBlock>(*set.kernels, first, games, memory);
  }
  throw std::invalid_argument("unknown instruction set '" + instruction_set + "'");
}

}  // namespace qwop::batch
