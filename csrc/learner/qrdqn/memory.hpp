// The memory behind the views of a job: what is derived from the parameters, made once, and the
// scratch of a batch, which grows with the largest one.
#pragma once

#include <cstdint>
#include <vector>

#include "learner/qrdqn/job.hpp"
#include "support/memory.hpp"

namespace qwop::learner {

using support::Buffer;

// What a network looks like.
struct Architecture {
  std::vector<ptrdiff_t> widths;  // of the observation and of each hidden layer
  ptrdiff_t n_actions = 0, n_quantiles = 0;
  nn::Activation activation = nn::Activation::kRelu;
  double loss_scale = 1.0;  // the loss is multiplied by it

  // Its layers, the head last. Throws std::invalid_argument for sizes below one.
  std::vector<nn::Linear> layers() const;
};

// Layouts derived from the parameters of one network.
class DerivedMemory {
 public:
  DerivedMemory(const Architecture& architecture, bool with_head);
  Derived view();

 private:
  nn::PackedLinear packed(ptrdiff_t outputs, ptrdiff_t inputs);

  std::vector<Buffer<float>> floats_;
  std::vector<nn::PackedLinear> hidden_, head_;
  Derived derived_;
};

// Scratch for batches and for rows of observations to act on.
class BatchMemory {
 public:
  explicit BatchMemory(const Architecture& architecture) : architecture_(architecture) {}

  // Makes room, which only ever grows, and has the job's views show it.
  void reserve(ptrdiff_t batch, ptrdiff_t rows, Job& job);

 private:
  float* floats(ptrdiff_t n) { return floats_.emplace_back(n).get(); }
  double* doubles(ptrdiff_t n) { return doubles_.emplace_back(n).get(); }
  std::int32_t* ints(ptrdiff_t n) { return ints_.emplace_back(n).get(); }
  ptrdiff_t widest_layer() const;
  PassView pass();
  HeadView head();
  LossView loss();

  const Architecture& architecture_;
  ptrdiff_t batch_ = -1, rows_ = -1;  // what there is room for
  std::vector<Buffer<float>> floats_;
  std::vector<Buffer<double>> doubles_;
  std::vector<Buffer<std::int32_t>> ints_;
  std::vector<float*> inputs_, target_inputs_, gradients_;
};

}  // namespace qwop::learner
