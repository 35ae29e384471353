// The learner's kernels for the instruction sets of support/instruction_set.hpp.
#pragma once

#include <string_view>

#include "learner/kernels.hpp"
#include "support/instruction_set.hpp"

namespace qwop::learner {

// There are no scalar kernels.
inline constexpr auto kSmallestSet = support::InstructionSet::kSimd128;

// The kernels for a named instruction set; for an empty name those for the one that the environment
// variable QWOP_NATIVE_ISA names, or the best. Throws std::invalid_argument, listing the names, if
// there are none.
const Kernels& choose_kernels(std::string_view name);

}  // namespace qwop::learner
