// QR-DQN's update and greedy actor on the caller's own tensors.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learner/isa.hpp"
#include "learner/qrdqn/memory.hpp"
#include "learner/qrdqn/replay.hpp"
#include "support/turns.hpp"

namespace qwop::learner {

class QuantileLearner {
 public:
  // Throws std::invalid_argument for sizes below one or an unknown instruction set.
  QuantileLearner(const Architecture& architecture, const std::string& instruction_set);

  // Sizes of the tensors that the bind functions take, in their order.
  const std::vector<ptrdiff_t>& sizes() const { return sizes_; }

  // The memory to work on, which must outlive its use.
  void bind_online(const Tensors& values);
  void bind_target(const Tensors& values);
  void bind_adam(const Tensors& means, const Tensors& squares, const Tensors& steps);
  void bind_replay(const Replay& replay);  // throws as Replay::check

  // One update on drawn transitions; returns the loss. A gradient whose norm is greater than
  // max_norm is scaled down to it.
  double update(const Drawn& drawn, double gamma, const AdamSettings& adam,
                std::optional<double> max_norm);

  // Gradients of the same loss, written to tensors, without an update.
  double gradients(const Drawn& drawn, double gamma, const Tensors& out);

  // Greedy actions for rows of observations.
  void act(const float* observations, ptrdiff_t rows, std::int64_t* actions);

  // Forgets what was derived from the parameters. A change of any whole tensor is noticed without
  // this; a change of a few weights is not.
  void invalidate();

  ptrdiff_t observation_size() const { return architecture_.widths.front(); }
  const char* instruction_set() const { return instruction_set_; }

  // Time spent in each Part, measured while on.
  void measure_time(bool on);
  std::span<const double> seconds() const { return job_.timing.seconds; }

 private:
  void gather(const Drawn& drawn, double gamma);
  std::uint64_t mark_of_layers(const std::vector<nn::Linear>& layers);
  void refresh();
  void refresh_online();
  void write_gradients_to(const Tensors& out);
  double clipped_update(const AdamSettings& adam, double max_norm);
  void require_ready(bool adam) const;

  Architecture architecture_;
  const QrdqnKernels& kernels_;
  const char* instruction_set_;
  std::vector<nn::Linear> layers_, target_layers_;
  std::vector<ptrdiff_t> sizes_;
  DerivedMemory online_memory_, target_memory_;
  BatchMemory batch_memory_;
  std::vector<Buffer<float>> gradient_memory_;
  Gatherer gatherer_;
  Job job_;
  std::vector<const float*> marked_;
  std::optional<std::uint64_t> online_mark_, target_mark_;  // of what the layouts are derived from
  support::Turns mutex_;
};

}  // namespace qwop::learner
