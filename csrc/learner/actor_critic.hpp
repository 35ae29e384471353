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
#include "learner/learner.hpp"
#include "learner/mlp.hpp"
#include "support/memory.hpp"
#include "support/thread_pool.hpp"
#include "support/turns.hpp"

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
  // With memory for values and gradients of its own, and for packed weights where there is no
  // `main` perceptron whose weights it works with.
  MlpMemory(const std::vector<ptrdiff_t>& widths, Activation activation, MlpMemory* main);
  Mlp& mlp() { return mlp_; }
  const Mlp& mlp() const { return mlp_; }
  ptrdiff_t inputs() const { return layers_.front().inputs; }
  ptrdiff_t outputs() const { return layers_.back().outputs; }
  float* input_row(ptrdiff_t row) { return values_.front() + row * row_stride(inputs()); }
  float* output_row(ptrdiff_t row) { return values_.back() + row * row_stride(outputs()); }
  float* gradient_row(ptrdiff_t row) { return gradients_.back() + row * row_stride(outputs()); }

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

  // Most threads that an update or a call of act() uses; results do not depend on it.
  int threads() const { return pool_.threads(); }
  void set_threads(int threads);

 private:
  // A batch is divided, by its size alone, into at most so many slices, whose gradients are summed
  // in their order. Either network's part of a slice is a task of its own.
  static constexpr int kSlices = 4;
  struct Slice {
    MlpMemory policy, value;
    Buffer<float> exponentials, greatest;
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
  void gather(MlpMemory& memory, ptrdiff_t begin, ptrdiff_t rows);
  void policy_losses(Slice& slice, ptrdiff_t begin, ptrdiff_t rows, const PpoSettings& settings);
  void value_losses(Slice& slice, ptrdiff_t begin, ptrdiff_t rows, const PpoSettings& settings);
  double sum_gradients(bool of_value, int slices);
  void normalize(bool wanted);
  void draw(Slice& slice, ptrdiff_t begin, ptrdiff_t rows, const float* noise,
            std::int64_t* actions, float* log_probs);
  template <class Function>
  void for_each_layer(const Function& f);

  const Kernels& kernels_;
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
