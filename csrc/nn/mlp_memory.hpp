// One perceptron and the memory behind its views.
#pragma once

#include <vector>

#include "nn/mlp.hpp"
#include "support/memory.hpp"

namespace qwop::nn {

// What a perceptron looks like.
struct MlpShape {
  std::vector<ptrdiff_t> widths;  // of the input and of each layer
  Activation activation = Activation::kTanh;
  bool layer_norm = false;
  bool ends_linear = true;
};

class MlpMemory {
 public:
  // With memory for values and gradients of its own, and for packed weights where there is no
  // `main` perceptron whose weights it works with.
  MlpMemory(const MlpShape& shape, MlpMemory* main);

  Mlp& mlp() { return mlp_; }
  const Mlp& mlp() const { return mlp_; }
  ptrdiff_t inputs() const { return layers_.front().inputs; }
  ptrdiff_t outputs() const { return layers_.back().outputs; }
  float* input_row(ptrdiff_t row) { return values_.front() + row * row_stride(inputs()); }
  float* output_row(ptrdiff_t row) { return values_.back() + row * row_stride(outputs()); }
  float* gradient_row(ptrdiff_t row) { return gradients_.back() + row * row_stride(outputs()); }

 private:
  float* floats(ptrdiff_t n) { return memory_.emplace_back(n).get(); }
  MlpLayer layer(ptrdiff_t inputs, ptrdiff_t outputs, const MlpLayer* main);
  void add_norm(MlpLayer& layer, const MlpLayer* main);

  std::vector<MlpLayer> layers_;
  std::vector<support::Buffer<float>> memory_;
  std::vector<float*> values_, gradients_;
  Mlp mlp_;
};

}  // namespace qwop::nn
