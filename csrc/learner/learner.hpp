// QR-DQN's update and greedy actor on the caller's own tensors.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learner/isa.hpp"
#include "learner/job.hpp"
#include "support/memory.hpp"
#include "support/turns.hpp"

namespace qwop::learner {

using support::Buffer;

// A network's tensors: weight and bias of each layer from the input on, all of the same kind.
using Tensors = std::vector<float*>;

// Transitions as stable-baselines3's ReplayBuffer holds them: arrays over (position, game).
struct Replay {
  const float* observations = nullptr;
  const float* next_observations = nullptr;
  const std::int64_t* actions = nullptr;
  const float* rewards = nullptr;
  const float* dones = nullptr;
  const float* timeouts = nullptr;
  ptrdiff_t positions = 0, games = 0;
};

// What a network looks like.
struct Architecture {
  std::vector<ptrdiff_t> widths;  // of the observation and of each hidden layer
  ptrdiff_t n_actions = 0, n_quantiles = 0;
  Activation activation = Activation::kRelu;
  double loss_scale = 1.0;  // the loss is multiplied by it
};

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
  void bind_replay(const Replay& replay);

  // One update on the transitions at (positions[i], games[i]); returns the loss. A gradient whose
  // norm is greater than max_norm is scaled down to it.
  double update(std::span<const std::int64_t> positions, std::span<const std::int64_t> games,
                double gamma, const AdamSettings& adam, std::optional<double> max_norm);

  // Gradients of the same loss, written to tensors, without an update.
  double gradients(std::span<const std::int64_t> positions, std::span<const std::int64_t> games,
                   double gamma, const Tensors& out);

  // Greedy actions for rows of observations.
  void act(const float* observations, ptrdiff_t rows, std::int64_t* actions);

  // Forgets what was derived from the parameters. A change of any whole tensor is noticed without
  // this; a change of a few weights is not.
  void invalidate();

  ptrdiff_t observation_size() const { return architecture_.widths.front(); }
  const char* instruction_set() const { return kernels_.name; }

  // Time spent in each Part, measured while on.
  void measure_time(bool on);
  std::span<const double> seconds() const { return job_.seconds; }

 private:
  void reserve(ptrdiff_t batch, ptrdiff_t rows);
  void gather(std::span<const std::int64_t> positions, std::span<const std::int64_t> games,
              double gamma);
  void sort_by_action(std::span<const std::int64_t> positions, std::span<const std::int64_t> games);
  std::uint64_t mark_online();
  std::uint64_t mark_target();
  void refresh();
  void refresh_online();
  void write_gradients_to(const Tensors& out);
  double clipped_update(const AdamSettings& adam, double max_norm);
  void require_ready(bool adam) const;

  Architecture architecture_;
  const Kernels& kernels_;
  std::vector<ptrdiff_t> sizes_;
  std::vector<Layer> layers_;
  Replay replay_;
  Job job_;
  std::vector<PackedLayer> online_hidden_, target_hidden_, target_head_;
  std::vector<Buffer<float>> float_memory_;  // of the derived layouts
  std::vector<Buffer<float>> gradient_memory_;
  std::vector<Buffer<float>> batch_floats_;
  std::vector<Buffer<double>> batch_doubles_;
  std::vector<Buffer<std::int32_t>> batch_ints_;
  std::vector<float*> inputs_, target_inputs_, input_gradients_;
  std::vector<ptrdiff_t> order_;  // offsets into the replay of a batch, sorted by action
  std::vector<std::int32_t> next_of_action_;
  std::vector<const float*> marked_;
  ptrdiff_t reserved_batch_ = -1, reserved_rows_ = -1;
  std::optional<std::uint64_t> online_mark_, target_mark_;  // of what the layouts are derived from
  support::Turns mutex_;
};

}  // namespace qwop::learner
