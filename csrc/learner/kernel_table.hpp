// The table itself: kernels_*.cpp name a namespace and include this.
#pragma once

#include "learner/kernels.hpp"
#include "learner/large_batch/head_kernels.hpp"
#include "learner/qrdqn/update.hpp"
#include "nn/mlp_kernels.hpp"

namespace qwop::learner::QWOP_ISA_NAMESPACE {

const Kernels& kernels() {
  static constexpr Kernels table{"", kQrdqnKernels, kMlpKernels, kHeadKernels};
  return table;
}

}  // namespace qwop::learner::QWOP_ISA_NAMESPACE
