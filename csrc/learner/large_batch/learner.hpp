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
#include "learner/large_batch/n_step.hpp"
#include "learner/large_batch/value_network.hpp"
#include "support/memory.hpp"
#include "support/thread_pool.hpp"
#include "support/turns.hpp"

namespace qwop::learner {

// The target is r + alpha * max(tau * log pi(a|s), clip) + discount * E_pi[Z - tau * log pi] for
// the policy pi = softmax(Q / tau) of the target network (Vieillard et al. 2020). With n-step
// returns the first step alone has the bonus.
struct Munchausen {
  double alpha = 0.9, tau = 0.03, clip = -1.0;
};

struct LargeBatchSettings {
  NStep n_step;
  bool double_q = false;
  std::optional<Munchausen> munchausen;
  std::optional<double> max_grad_norm;
  nn::AdamSettings adam;
};

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
  struct Slice {
    Slice(const ValueShape& shape, ValueNetwork& online, ValueNetwork& target);

    nn::MlpMemory online, target;  // hidden layers
    support::Buffer<float> quantiles, targets, others, chosen_inputs, q, policy, log_policy,
        greatest, bonus, errors;
    support::Buffer<float> head_weight, head_bias;  // gradients in the order of the outputs
    std::vector<std::int32_t> chosen, order;
    double loss = 0.0;
  };
  struct Chunk {
    ptrdiff_t begin, rows;
  };

  int slices() const;
  void require_ready(bool adam) const;
  void refresh();
  double pass(const Drawn& drawn, const LargeBatchSettings& settings, const float* importance,
              float* errors);
  void slice_pass(int number, const LargeBatchSettings& settings, const float* importance,
                  float* errors);
  void write_inputs(nn::MlpMemory& memory, const float* observations,
                    const std::vector<ptrdiff_t>& offsets, const Chunk& chunk) const;
  void targets(Slice& slice, const Chunk& chunk, const LargeBatchSettings& settings) const;
  void greedy_targets(Slice& slice, const Chunk& chunk, bool double_q) const;
  void munchausen_targets(Slice& slice, const Chunk& chunk, const Munchausen& munchausen) const;
  void soft_policy(Slice& slice, ptrdiff_t rows, double tau) const;
  double loss(Slice& slice, const Chunk& chunk, const float* importance, float* errors) const;
  template <class Function>
  void for_each_action(const Chunk& chunk, const Function& f) const;
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

// The greedy actor of one network, with packed weights of its own: it acts on the parameters as
// they were at the last refresh().
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
