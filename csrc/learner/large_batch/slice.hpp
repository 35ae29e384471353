// Memory for the share of a batch that one thread works on, and what it is computed from.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "learner/isa.hpp"
#include "learner/large_batch/n_step.hpp"
#include "learner/large_batch/value_network.hpp"
#include "support/memory.hpp"

namespace qwop::learner {

struct Slice {
  Slice(const ValueShape& shape, ValueNetwork& online, ValueNetwork& target);

  nn::MlpMemory online, target;  // hidden layers
  support::Buffer<float> quantiles, targets, others, chosen_inputs, q, policy, log_policy, greatest,
      bonus, errors;
  support::Buffer<float> head_weight, head_bias;  // gradients in the order of the outputs
  std::vector<std::int32_t> chosen, order;
  double loss = 0.0;
};

// Rows of a batch that are computed together.
struct Chunk {
  ptrdiff_t begin, rows;
};

// What all slices of a batch are computed from.
struct Batch {
  const ValueShape& shape;
  const Kernels& kernels;
  const ValueNetwork& online;
  const ValueNetwork& target;
  const Replay& replay;
  const Returns& returns;

  // Writes the features of a chunk's observations, which lie at `offsets`, where hidden layers
  // read them.
  void write_inputs(nn::MlpMemory& memory, const float* observations,
                    const std::vector<ptrdiff_t>& offsets, const Chunk& chunk) const;
  // Calls f(action, first row of the chunk, rows) for each action that was taken in the chunk.
  template <class Function>
  void for_each_action(const Chunk& chunk, const Function& f) const;
};

template <class Function>
void Batch::for_each_action(const Chunk& chunk, const Function& f) const {
  const ptrdiff_t end = chunk.begin + chunk.rows;
  for (ptrdiff_t a = 0; a < shape.n_actions; ++a) {
    const auto& begins = returns.action_begins;
    const ptrdiff_t from = std::max<ptrdiff_t>(begins[static_cast<std::size_t>(a)], chunk.begin);
    const ptrdiff_t to = std::min<ptrdiff_t>(begins[static_cast<std::size_t>(a) + 1], end);
    if (from < to) f(a, from - chunk.begin, to - from);
  }
}

}  // namespace qwop::learner
