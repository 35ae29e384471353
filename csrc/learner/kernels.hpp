// The table of the functions that are compiled for each instruction set.
#pragma once

#include "learner/large_batch/head.hpp"
#include "learner/qrdqn/job.hpp"
#include "nn/mlp.hpp"

namespace qwop::learner {

struct Kernels {
  const char* name;
  QrdqnKernels qrdqn;
  nn::MlpKernels mlp;
  HeadKernels head;
};

}  // namespace qwop::learner
