// One perceptron and the memory behind its views.
#pragma once

#include <vector>

#include "nn/mlp.hpp"
#include "support/memory.hpp"

namespace qwop::nn {

class MlpMemory {
 public:
  // With memory for values and gradients of its own, and for packed weights where there is no
  // `main` perceptron whose weights it works with.
  MlpMemory(const std::vector<ptrdiff_t>& widths, Activation activation, MlpMemory* main);

  Mlp& mlp() { return mlp_; }
  const Mlp& mlp() const { return mlp_; }
  ptrdiff_t inputs() const { return layers_.front().inputs; }
  ptrdiff_t outputs() const { return layers_.back().outputs; }
  float* input_row(ptrdiff_t row) { return values_.front() + row * row_stride(inputs()); }
  float* output_row(ptrdiff_t row) { return values_.back() + row * row_stride(outputs()); }
  float* gradient_row(ptrdiff_t row) { return gradients_.back() + row * row_stride(outputs()); }

 private:
  std::vector<MlpLayer> layers_;
  std::vector<support::Buffer<float>> memory_;
  std::vector<float*> values_, gradients_;
  Mlp mlp_;
};

}  // namespace qwop::nn
