// One network of QR-DQN: hidden layers, a perceptron, and the head; with memory for the packed
// weights, on the parameters of the caller.
#pragma once

#include <vector>

#include "learner/large_batch/features.hpp"
#include "learner/large_batch/head.hpp"
#include "learner/tensor_mark.hpp"
#include "nn/mlp_memory.hpp"
#include "support/memory.hpp"

namespace qwop::learner {

// What a network looks like.
struct ValueShape {
  ptrdiff_t observation_size = 0;
  std::vector<ptrdiff_t> hidden;  // widths of the hidden layers
  ptrdiff_t n_actions = 0, n_quantiles = 0;
  nn::Activation activation = nn::Activation::kRelu;
  bool layer_norm = false;
  Features features;

  // Throws std::invalid_argument for sizes below one, or features of another observation.
  void check() const;
  nn::MlpShape trunk() const;
};

// The head and its packed weights.
class HeadMemory {
 public:
  HeadMemory(ptrdiff_t inputs, ptrdiff_t n_actions, ptrdiff_t n_quantiles);
  Head& head() { return head_; }
  const Head& head() const { return head_; }

 private:
  float* floats(ptrdiff_t n) { return memory_.emplace_back(n).get(); }

  std::vector<support::Buffer<float>> memory_;
  std::vector<nn::PackedLinear> actions_;
  std::vector<float*> backward_;
  Head head_;
};

class ValueNetwork {
 public:
  explicit ValueNetwork(const ValueShape& shape);

  // Sizes of the tensors that bind() takes: of each hidden layer weight, bias and, with layer norm,
  // gain and bias of the norm; then the head's weight and bias.
  const std::vector<ptrdiff_t>& sizes() const { return sizes_; }
  void bind(const nn::Tensors& values);
  void bind_adam(const nn::Tensors& means, const nn::Tensors& squares, const nn::Tensors& steps);

  bool is_bound() const { return !values_.empty(); }
  bool has_adam() const { return head_.head().weight.mean != nullptr; }
  // A number that changes when the parameters do.
  std::uint64_t mark() const { return mark_of(values_, sizes_); }

  nn::MlpMemory& trunk() { return trunk_; }
  const nn::Mlp& mlp() const { return trunk_.mlp(); }
  const Head& head() const { return head_.head(); }

 private:
  template <class Function>
  void for_each_parameter(const Function& f);

  nn::MlpMemory trunk_;
  HeadMemory head_;
  std::vector<ptrdiff_t> sizes_;
  std::vector<const float*> values_;
};

}  // namespace qwop::learner
