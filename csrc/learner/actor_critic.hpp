// PPO's update and actor on the caller's own tensors: two perceptrons, one for the policy over a
// few actions, one for the value.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "learner/buffer.hpp"
#include "learner/isa.hpp"
#include "learner/learner.hpp"
#include "learner/mlp.hpp"

namespace qwop::learner {

// A rollout as stable-baselines3's RolloutBuffer holds it before it is flattened: arrays over
// (step, game).
struct Rollout {
  const float* observations = nullptr;
  const std::int64_t* actions = nullptr;
  const float* values = nullptr;
  const float* log_probs = nullptr;
  const float* advantages = nullptr;
  const float* returns = nullptr;
  ptrdiff_t steps = 0, games = 0;
};

struct PpoSettings {
  double clip_range = 0.2;
  std::optional<double> clip_range_values;
  double entropy_coefficient = 0.0, value_coefficient = 0.5, max_grad_norm = 0.5;
  bool normalize_advantages = true;
  std::optional<double> most_kl;  // no update where the policy has moved further
  AdamSettings adam;
};

struct PpoResult {
  double policy_loss = 0, value_loss = 0, entropy_loss = 0, loss = 0, clip_fraction = 0, kl = 0;
  bool updated = false;
};

// One perceptron and its memory.
class MlpMemory {
 public:
  MlpMemory(const std::vector<ptrdiff_t>& widths, Activation activation);
  Mlp& mlp() { return mlp_; }
  float* outputs() { return values_.back(); }
  float* output_gradients() { return gradients_.back(); }
  ptrdiff_t parameters() const { return 2 * mlp_.n_layers; }

 private:
  std::vector<MlpLayer> layers_;
  std::vector<Buffer<float>> memory_;
  std::vector<float*> values_, gradients_;
  Mlp mlp_;
};

class ActorCritic {
 public:
  // Widths of the observation and of the hidden layers of each network. Throws
  // std::invalid_argument for sizes below one or an unknown instruction set.
  ActorCritic(std::vector<ptrdiff_t> policy_widths, std::vector<ptrdiff_t> value_widths,
              ptrdiff_t n_actions, Activation activation, const std::string& instruction_set);

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

  // One update on the transitions with numbers game * steps + step.
  PpoResult update(std::span<const std::int64_t> numbers, const PpoSettings& settings);
  // The gradients of the same loss, written to tensors, without an update.
  PpoResult gradients(std::span<const std::int64_t> numbers, const PpoSettings& settings,
                      const Tensors& out);

  ptrdiff_t observation_size() const { return observation_size_; }
  ptrdiff_t n_actions() const { return n_actions_; }
  const char* instruction_set() const { return kernels_.name; }

 private:
  void refresh();
  std::uint64_t mark() const;
  PpoResult pass(std::span<const std::int64_t> numbers, const PpoSettings& settings);
  void gather(ptrdiff_t begin, ptrdiff_t rows);
  void losses(ptrdiff_t begin, ptrdiff_t rows, const PpoSettings& settings, PpoResult& sums);
  void normalize(bool wanted);
  template <class Function>
  void for_each_layer(const Function& f);

  const Kernels& kernels_;
  ptrdiff_t observation_size_, n_actions_;
  MlpMemory policy_, value_;
  std::vector<ptrdiff_t> sizes_, places_;
  std::vector<const float*> parameters_;
  Rollout rollout_;
  std::vector<float> advantages_;
  Buffer<float> exponentials_, greatest_;
  std::optional<std::uint64_t> mark_;  // of the parameters that are packed
  std::mutex mutex_;
};

}  // namespace qwop::learner
