// PPO's update and actor on the caller's own tensors: two perceptrons, one for the policy over a
// few actions, one for the value.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learner/isa.hpp"
#include "nn/mlp_memory.hpp"
#include "support/memory.hpp"
#include "support/thread_pool.hpp"
#include "support/turns.hpp"

namespace qwop::learner {

using nn::AdamSettings;
using nn::Tensors;
using std::ptrdiff_t;

// A rollout as stable-baselines3's RolloutBuffer holds it before it is flattened: arrays over
// (step, environment).
struct Rollout {
  std::span<const float> observations;
  std::span<const std::int64_t> actions;
  std::span<const float> values, log_probs, advantages, returns;
  ptrdiff_t steps = 0, num_envs = 0;

  // Throws std::invalid_argument where an array is not of the size that it must have.
  void check(ptrdiff_t observation_size) const;
};

struct PpoSettings {
  double clip_range = 0.2;
  std::optional<double> clip_range_values;
  double entropy_coefficient = 0.0, value_coefficient = 0.5, max_grad_norm = 0.5;
  bool normalize_advantages = true;
  std::optional<double> target_kl;  // no update where the policy has moved 1.5 times as far
};

struct PpoResult {
  double policy_loss = 0, value_loss = 0, entropy_loss = 0, loss = 0, clip_fraction = 0, kl = 0;
  bool updated = false;
};

class ActorCritic {
 public:
  // Widths of the observation and of the hidden layers of each network. Throws
  // std::invalid_argument for sizes below one or an unknown instruction set.
  ActorCritic(std::vector<ptrdiff_t> policy_widths, std::vector<ptrdiff_t> value_widths,
              ptrdiff_t n_actions, nn::Activation activation, const std::string& instruction_set);

  // Sizes of the tensors that the bind functions take: weight and bias of the policy's layers from
  // the observation on, then of the value's.
  const std::vector<ptrdiff_t>& sizes() const { return sizes_; }

  // The memory to work on, which must outlive its use.
  void bind_parameters(const Tensors& values);
  void bind_adam(const Tensors& means, const Tensors& squares, const Tensors& steps);
  void bind_rollout(const Rollout& rollout);

  // Actions, values and the actions' log probabilities for rows of observations. The action is the
  // greatest of probability / noise, (rows, n_actions), or the likeliest without noise.
  void act(const float* observations, ptrdiff_t rows, const float* noise, std::int64_t* actions,
           float* values, float* log_probs);

  // One update on the transitions with numbers environment * steps + step.
  PpoResult update(std::span<const std::int64_t> numbers, const PpoSettings& settings,
                   const AdamSettings& adam);
  // The gradients of the same loss, written to tensors, without an update.
  PpoResult gradients(std::span<const std::int64_t> numbers, const PpoSettings& settings,
                      const Tensors& out);

  ptrdiff_t observation_size() const { return observation_size_; }
  ptrdiff_t n_actions() const { return n_actions_; }
  const char* instruction_set() const { return instruction_set_; }

  // Most threads that an update or a call of act() uses; results do not depend on it.
  int threads() const { return pool_.threads(); }
  void set_threads(int threads);

 private:
  // A batch is divided, by its size alone, into at most so many slices, whose gradients are summed
  // in their order. Either network's part of a slice is a task of its own.
  static constexpr int kSlices = 4;
  struct Slice {
    nn::MlpMemory policy, value;
    support::Buffer<float> exponentials, greatest;
    PpoResult policy_sums, value_sums;
  };
  struct ChunkRange {
    ptrdiff_t begin, end;
  };
  static int slices_of(ptrdiff_t rows);
  static ChunkRange chunks_of_slice(ptrdiff_t rows, int slice);

  void refresh();
  std::uint64_t mark() const;
  template <class Task>
  void run(int count, const Task& task);
  void find_places(std::span<const std::int64_t> numbers);
  PpoResult pass(std::span<const std::int64_t> numbers, const PpoSettings& settings);
  void policy_pass(int slice, const PpoSettings& settings);
  void value_pass(int slice, const PpoSettings& settings);
  void gather(nn::MlpMemory& memory, ptrdiff_t begin, ptrdiff_t rows);
  void policy_losses(Slice& slice, ptrdiff_t begin, ptrdiff_t rows, const PpoSettings& settings);
  void value_losses(Slice& slice, ptrdiff_t begin, ptrdiff_t rows, const PpoSettings& settings);
  double sum_gradients(bool of_value, int slices);
  void normalize(bool wanted);
  void draw(Slice& slice, ptrdiff_t begin, ptrdiff_t rows, const float* noise,
            std::int64_t* actions, float* log_probs);
  template <class Function>
  void for_each_layer(const Function& f);

  const nn::MlpKernels& kernels_;
  const char* instruction_set_;
  ptrdiff_t observation_size_, n_actions_;
  std::vector<Slice> slices_;  // the first one holds the parameters and their packed forms
  std::vector<ptrdiff_t> sizes_, places_;
  std::vector<const float*> parameters_;
  Rollout rollout_;
  std::vector<float> advantages_;
  std::array<double, 2> squares_{};    // sums of either network's squared gradients
  std::optional<std::uint64_t> mark_;  // of the parameters that are packed
  support::ThreadPool pool_;
  support::Turns mutex_;
};

}  // namespace qwop::learner
