// The float32 vectors that the kernels of networks compute with, in their namespace.
#pragma once

#include "learner/simd.hpp"

namespace qwop::nn::QWOP_LEARNER_ISA {

using namespace learner::QWOP_LEARNER_ISA;

}  // namespace qwop::nn::QWOP_LEARNER_ISA
