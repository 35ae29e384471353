// The instruction sets that kernels are built for: one table for the games and the learner.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace qwop::support {

// Slowest first, which is the order of every list of them.
enum class InstructionSet : std::uint8_t {
  kScalar,   // "scalar": games one by one, in the compiler's baseline
  kSimd128,  // the platform's baseline: "sse2", "neon", or "simd128" where it is neither
  kAvx2,     // "avx2": x86-64-v3
  kAvx512,   // "avx512": x86-64-v4
};

std::string_view to_string(InstructionSet set);

// Whether this build has code for a set and this processor can run it.
bool available(InstructionSet set);
// All that are available, from `smallest` on.
std::vector<InstructionSet> available_sets(InstructionSet smallest = InstructionSet::kScalar);

// The environment variable that names a set for everything in a process.
inline constexpr const char* kInstructionSetVariable = "QWOP_NATIVE_ISA";

// The set of a name; for an empty name that which the environment variable names, or else the best.
// A kernel that is not built for sets below `smallest` takes that one where the variable names a
// smaller one. Throws std::invalid_argument, listing the names, for one that is not available.
InstructionSet choose_instruction_set(std::string_view name,
                                      InstructionSet smallest = InstructionSet::kScalar);

}  // namespace qwop::support
