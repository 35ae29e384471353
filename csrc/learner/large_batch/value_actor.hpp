// The greedy actor of QR-DQN's network, for many observations at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learner/isa.hpp"
#include "learner/large_batch/value_network.hpp"
#include "support/memory.hpp"
#include "support/turns.hpp"

namespace qwop::learner {

// Has packed weights of its own: it acts on the parameters as they were at the last refresh().
class ValueActor {
 public:
  ValueActor(const ValueShape& shape, const std::string& instruction_set);
  const std::vector<ptrdiff_t>& sizes() const { return network_.sizes(); }
  void bind(const nn::Tensors& values);
  void refresh();
  void act(const float* observations, ptrdiff_t rows, std::int64_t* actions);
  ptrdiff_t observation_size() const { return shape_.observation_size; }

 private:
  ValueShape shape_;
  const Kernels& kernels_;
  ValueNetwork network_;
  support::Buffer<float> q_;
  bool fresh_ = false;
  support::Turns mutex_;
};

}  // namespace qwop::learner
