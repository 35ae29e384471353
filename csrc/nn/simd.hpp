// The float32 vectors that the kernels of networks compute with, in their namespace.
#pragma once

#include "support/simd_f32.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

using namespace f32;

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
