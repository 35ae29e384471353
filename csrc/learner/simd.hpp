// The float32 vectors of support/simd_f32.hpp under the learner's names.
#pragma once

#include "support/simd_f32.hpp"

#define QWOP_LEARNER_ISA QWOP_ISA_NAMESPACE
#define QWOP_LEARNER_INLINE QWOP_ALWAYS_INLINE

namespace qwop::learner::QWOP_LEARNER_ISA {
using namespace f32;
}
