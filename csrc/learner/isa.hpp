// The instruction sets that the kernels are built for, and which one to use.
#pragma once

#include <string>
#include <vector>

#include "learner/kernels.hpp"

namespace qwop::learner {

// Kernels that this processor can run, the best first. The last one runs on every processor of the
// platform: "sse2" on x86-64, elsewhere "generic".
const std::vector<Kernels>& available_kernels();

// The kernels with a name; for an empty name those that the environment variable QWOP_NATIVE_ISA
// names, or the best. Throws std::invalid_argument, listing the names, if there are none.
const Kernels& choose_kernels(const std::string& name);

}  // namespace qwop::learner
