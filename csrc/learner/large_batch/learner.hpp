// QR-DQN's update for large batches, on several threads, with what makes value learning stable:
// n-step returns, the double-Q choice of the next action, layer norm and the Munchausen target.
//
// A batch is sorted by action and divided, by its size alone, into slices, whose gradients are
// summed in their order: results do not depend on the number of threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "learner/isa.hpp"
#include "learner/large_batch/targets.hpp"
#include "support/memory.hpp"
#include "support/thread_pool.hpp"
#include "support/turns.hpp"

namespace qwop::learner {

class LargeBatchLearner {
 public:
  // Throws std::invalid_argument for sizes below one or an unknown instruction set.
  LargeBatchLearner(const ValueShape& shape, const std::string& instruction_set);

  // See ValueNetwork; the memory to work on must outlive its use.
  const std::vector<ptrdiff_t>& sizes() const { return online_.sizes(); }
  void bind_online(const nn::Tensors& values);
  void bind_target(const nn::Tensors& values);
  void bind_adam(const nn::Tensors& means, const nn::Tensors& squares, const nn::Tensors& steps);
  void bind_replay(const Replay& replay);

  // One update on drawn transitions; returns the loss. Transition i counts importance[i] times
  // where there is an `importance`; errors[i] becomes its own loss where there are `errors`.
  double update(const Drawn& drawn, const LargeBatchSettings& settings, const float* importance,
                float* errors);
  // Gradients of the same loss, written to tensors, without an update.
  double gradients(const Drawn& drawn, const LargeBatchSettings& settings, const nn::Tensors& out);

  void invalidate();
  ptrdiff_t observation_size() const { return shape_.observation_size; }
  const char* instruction_set() const { return kernels_.name; }
  // Most threads that an update uses.
  int threads() const { return pool_.threads(); }
  void set_threads(int threads);

 private:
  static constexpr int kSlices = 4;
  static constexpr int kHeadParts = 3;  // of the head's rows, for the sums and for Adam

  int slices() const;
  void require_ready(bool adam) const;
  void refresh();
  double pass(const Drawn& drawn, const LargeBatchSettings& settings, const float* importance,
              float* errors);
  Batch batch() const { return {shape_, kernels_, online_, target_, replay_, returns_}; }
  void slice_pass(int number, const LargeBatchSettings& settings, const float* importance,
                  float* errors);
  double loss(Slice& slice, const Chunk& chunk, const float* importance, float* errors) const;
  nn::MlpLayer head_part(Slice& slice, int part);
  nn::Mlp trunk_layer(nn::MlpMemory& memory, int layer) const;
  int parts() const;
  void sum_part(int part, int slices);
  void update_part(int part, const nn::AdamSettings& adam, float scale);

  ValueShape shape_;
  const Kernels& kernels_;
  ValueNetwork online_, target_;
  std::vector<Slice> slices_;
  Replay replay_;
  Returns returns_;
  std::vector<float> tau_, part_steps_;
  std::vector<double> squares_;                             // of each part's gradients
  std::optional<std::uint64_t> online_mark_, target_mark_;  // of the parameters that are packed
  support::ThreadPool pool_;
  support::Turns mutex_;
};

}  // namespace qwop::learner
