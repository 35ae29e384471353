#include "learner/ppo/actor_critic.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <stdexcept>

#include "learner/check_size.hpp"
#include "learner/tensor_mark.hpp"
#include "support/flush_denormals.hpp"

namespace qwop::learner {
namespace {

using nn::kChunk;
using nn::Mlp;
using nn::MlpLayer;
using nn::row_stride;

constexpr double kKlMargin = 1.5;  // stable-baselines3's

std::vector<ptrdiff_t> with_outputs(std::vector<ptrdiff_t> widths, ptrdiff_t outputs) {
  widths.push_back(outputs);
  if (widths.size() < 2 || std::ranges::min(widths) < 1) {
    throw std::invalid_argument("every width and the number of actions must be 1 or more");
  }
  return widths;
}

}  // namespace

void Rollout::check(ptrdiff_t observation_size) const {
  const auto holds = [](const char* name, auto array, ptrdiff_t expected) {
    check_size(name, static_cast<ptrdiff_t>(array.size()), expected);
  };
  const ptrdiff_t rows = steps * num_envs;
  holds("observations", observations, rows * observation_size);
  holds("actions", actions, rows);
  holds("values", values, rows);
  holds("log_probs", log_probs, rows);
  holds("advantages", advantages, rows);
  holds("returns", returns, rows);
}

ActorCritic::ActorCritic(std::vector<ptrdiff_t> policy_widths, std::vector<ptrdiff_t> value_widths,
                         ptrdiff_t n_actions, nn::Activation activation,
                         const std::string& instruction_set)
    : kernels_(choose_kernels(instruction_set).mlp),
      instruction_set_(choose_kernels(instruction_set).name),
      observation_size_(policy_widths.empty() ? 0 : policy_widths.front()),
      n_actions_(n_actions) {
  policy_widths = with_outputs(std::move(policy_widths), n_actions);
  value_widths = with_outputs(std::move(value_widths), 1);
  if (value_widths.front() != observation_size_) {
    throw std::invalid_argument("both networks must take the same observations");
  }
  slices_.reserve(kSlices);
  for (int s = 0; s < kSlices; ++s) {
    slices_.push_back({{{policy_widths, activation}, s > 0 ? &slices_[0].policy : nullptr},
                       {{value_widths, activation}, s > 0 ? &slices_[0].value : nullptr},
                       support::Buffer<float>(kChunk * row_stride(n_actions)),
                       support::Buffer<float>(kChunk),
                       {},
                       {}});
  }
  for_each_layer([&](MlpLayer& layer) {
    sizes_.push_back(layer.weight.size);
    sizes_.push_back(layer.bias.size);
  });
}

template <class Function>
void ActorCritic::for_each_layer(const Function& f) {
  for (nn::MlpMemory* memory : {&slices_[0].policy, &slices_[0].value}) {
    Mlp& mlp = memory->mlp();
    for (int l = 0; l < mlp.n_layers; ++l) f(mlp.layers[l]);
  }
}

void ActorCritic::bind_parameters(const Tensors& values) {
  const std::lock_guard lock(mutex_);
  parameters_.assign(values.begin(), values.end());
  auto next = values.begin();
  for_each_layer([&](MlpLayer& layer) {
    layer.weight.value = *next++;
    layer.bias.value = *next++;
  });
  mark_.reset();
}

void ActorCritic::bind_adam(const Tensors& means, const Tensors& squares, const Tensors& steps) {
  const std::lock_guard lock(mutex_);
  std::size_t t = 0;
  for_each_layer([&](MlpLayer& layer) {
    for (nn::Parameter* p : {&layer.weight, &layer.bias}) {
      p->mean = means[t];
      p->square = squares[t];
      p->step = steps[t];
      ++t;
    }
  });
}

void ActorCritic::bind_rollout(const Rollout& rollout) {
  rollout.check(observation_size_);
  const std::lock_guard lock(mutex_);
  rollout_ = rollout;
}

std::uint64_t ActorCritic::mark() const { return mark_of(parameters_, sizes_); }

// Runs task(0), ..., task(count - 1), on the pool's workers too.
template <class Task>
void ActorCritic::run(int count, const Task& task) {
  pool_.run(count, [&](int i) {
    const support::FlushDenormals flush;
    task(i);
  });
}

// Packs the parameters anew where they have changed.
void ActorCritic::refresh() {
  if (parameters_.empty()) throw std::logic_error("bind the parameters first");
  const std::uint64_t now = mark();
  if (mark_ == now) return;
  run(2,
      [&](int n) { kernels_.refresh(n == 0 ? slices_[0].policy.mlp() : slices_[0].value.mlp()); });
  mark_ = now;
}

void ActorCritic::set_threads(int threads) {
  if (threads < 1) throw std::invalid_argument("there must be at least one thread");
  const std::lock_guard lock(mutex_);
  pool_.set_threads(threads);
}

int ActorCritic::slices_of(ptrdiff_t rows) {
  return static_cast<int>(std::min<ptrdiff_t>((rows + kChunk - 1) / kChunk, kSlices));
}

ActorCritic::ChunkRange ActorCritic::chunks_of_slice(ptrdiff_t rows, int slice) {
  const ptrdiff_t chunks = (rows + kChunk - 1) / kChunk, slices = slices_of(rows);
  return {chunks * slice / slices * kChunk, std::min(chunks * (slice + 1) / slices * kChunk, rows)};
}

void ActorCritic::act(const float* observations, ptrdiff_t rows, const float* noise,
                      std::int64_t* actions, float* values, float* log_probs) {
  const std::lock_guard lock(mutex_);
  const support::FlushDenormals flush;
  refresh();
  const int slices = slices_of(rows);
  run(2 * slices, [&](int task) {
    Slice& slice = slices_[static_cast<std::size_t>(task % slices)];
    nn::MlpMemory& memory = task < slices ? slice.policy : slice.value;
    const auto [first, last] = chunks_of_slice(rows, task % slices);
    for (ptrdiff_t begin = first; begin < last; begin += kChunk) {
      const ptrdiff_t count = std::min(kChunk, last - begin);
      for (ptrdiff_t r = 0; r < count; ++r) {
        std::copy_n(observations + (begin + r) * observation_size_, observation_size_,
                    memory.input_row(r));
      }
      kernels_.forward(memory.mlp(), count);
      if (task < slices) {
        draw(slice, begin, count, noise, actions, log_probs);
      } else {
        for (ptrdiff_t r = 0; r < count; ++r) values[begin + r] = *memory.output_row(r);
      }
    }
  });
}

// Actions and their log probabilities for the rows whose logits the policy has computed.
void ActorCritic::draw(Slice& slice, ptrdiff_t begin, ptrdiff_t rows, const float* noise,
                       std::int64_t* actions, float* log_probs) {
  kernels_.exponentials(slice.policy.output_row(0), rows, n_actions_, slice.exponentials.get(),
                        slice.greatest.get());
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const float* const row = slice.exponentials.get() + r * row_stride(n_actions_);
    float total = 0.0f;
    for (ptrdiff_t a = 0; a < n_actions_; ++a) total += row[a];
    const auto weight = [&](ptrdiff_t a) {
      return noise ? row[a] / total / noise[(begin + r) * n_actions_ + a] : row[a];
    };
    ptrdiff_t best = 0;
    float most = weight(0);
    for (ptrdiff_t a = 1; a < n_actions_; ++a) {
      const float here = weight(a);
      if (here > most) {
        most = here;
        best = a;
      }
    }
    actions[begin + r] = best;
    log_probs[begin + r] =
        slice.policy.output_row(r)[best] - slice.greatest.get()[r] - std::log(total);
  }
}

void ActorCritic::gather(nn::MlpMemory& memory, ptrdiff_t begin, ptrdiff_t rows) {
  const ptrdiff_t width = observation_size_;
  for (ptrdiff_t r = 0; r < rows; ++r) {
    std::copy_n(rollout_.observations.data() + places_[static_cast<std::size_t>(begin + r)] * width,
                width, memory.input_row(r));
  }
}

// The places of drawn transitions in the rollout, which is not flattened.
void ActorCritic::find_places(std::span<const std::int64_t> numbers) {
  places_.clear();
  for (const std::int64_t number : numbers) {
    if (number < 0 || number >= rollout_.steps * rollout_.num_envs) {
      throw std::invalid_argument("a transition outside the rollout was drawn");
    }
    places_.push_back(number % rollout_.steps * rollout_.num_envs + number / rollout_.steps);
    const std::int64_t action = rollout_.actions[static_cast<std::size_t>(places_.back())];
    if (action < 0 || action >= n_actions_) {
      throw std::invalid_argument("the rollout holds the action " + std::to_string(action) +
                                  ", but there are " + std::to_string(n_actions_));
    }
  }
}

void ActorCritic::policy_pass(int slice, const PpoSettings& settings) {
  Slice& own = slices_[static_cast<std::size_t>(slice)];
  own.policy_sums = {};
  const auto [first, last] = chunks_of_slice(static_cast<ptrdiff_t>(places_.size()), slice);
  for (ptrdiff_t begin = first; begin < last; begin += kChunk) {
    const ptrdiff_t rows = std::min(kChunk, last - begin);
    gather(own.policy, begin, rows);
    kernels_.forward(own.policy.mlp(), rows);
    policy_losses(own, begin, rows, settings);
    kernels_.backward(own.policy.mlp(), rows, begin == first);
  }
}

void ActorCritic::value_pass(int slice, const PpoSettings& settings) {
  Slice& own = slices_[static_cast<std::size_t>(slice)];
  own.value_sums = {};
  const auto [first, last] = chunks_of_slice(static_cast<ptrdiff_t>(places_.size()), slice);
  for (ptrdiff_t begin = first; begin < last; begin += kChunk) {
    const ptrdiff_t rows = std::min(kChunk, last - begin);
    gather(own.value, begin, rows);
    kernels_.forward(own.value.mlp(), rows);
    value_losses(own, begin, rows, settings);
    kernels_.backward(own.value.mlp(), rows, begin == first);
  }
}

// Sums one network's gradients over the slices, in the first one's; returns their squared norm.
double ActorCritic::sum_gradients(bool of_value, int slices) {
  const auto mlp_of = [&](int slice) -> const Mlp& {
    const Slice& s = slices_[static_cast<std::size_t>(slice)];
    return of_value ? s.value.mlp() : s.policy.mlp();
  };
  const Mlp& sum = mlp_of(0);
  for (int s = 1; s < slices; ++s) kernels_.add_gradients(sum, mlp_of(s));
  double squares = 0.0;
  for (int l = 0; l < sum.n_layers; ++l) {
    const MlpLayer& layer = sum.layers[l];
    squares +=
        kernels_.sum_of_squares(layer.weight_gradient, layer.outputs * row_stride(layer.inputs)) +
        kernels_.sum_of_squares(layer.bias_gradient, layer.outputs);
  }
  return squares;
}

PpoResult ActorCritic::pass(std::span<const std::int64_t> numbers, const PpoSettings& settings) {
  if (rollout_.observations.empty()) throw std::logic_error("bind the rollout first");
  if (numbers.empty()) throw std::invalid_argument("there must be at least one transition");
  refresh();
  find_places(numbers);
  normalize(settings.normalize_advantages);
  const int slices = slices_of(static_cast<ptrdiff_t>(numbers.size()));
  run(2 * slices, [&](int task) {
    if (task < slices) {
      policy_pass(task, settings);
    } else {
      value_pass(task - slices, settings);
    }
  });
  run(2, [&](int n) { squares_[static_cast<std::size_t>(n)] = sum_gradients(n == 1, slices); });
  PpoResult result;
  for (int s = 0; s < slices; ++s) {
    const Slice& slice = slices_[static_cast<std::size_t>(s)];
    result.policy_loss += slice.policy_sums.policy_loss;
    result.entropy_loss += slice.policy_sums.entropy_loss;
    result.clip_fraction += slice.policy_sums.clip_fraction;
    result.kl += slice.policy_sums.kl;
    result.value_loss += slice.value_sums.value_loss;
  }
  for (double* sum : {&result.policy_loss, &result.value_loss, &result.entropy_loss,
                      &result.clip_fraction, &result.kl}) {
    *sum /= static_cast<double>(numbers.size());
  }
  result.loss = result.policy_loss + settings.entropy_coefficient * result.entropy_loss +
                settings.value_coefficient * result.value_loss;
  return result;
}

PpoResult ActorCritic::update(std::span<const std::int64_t> numbers, const PpoSettings& settings,
                              const AdamSettings& adam) {
  const std::lock_guard lock(mutex_);
  if (!slices_[0].policy.mlp().layers[0].weight.mean) {
    throw std::logic_error("bind the state of Adam first");
  }
  const support::FlushDenormals flush;
  PpoResult result = pass(numbers, settings);
  if (settings.target_kl && result.kl > kKlMargin * *settings.target_kl) return result;
  // As torch.nn.utils.clip_grad_norm_, in float32.
  const float scale = static_cast<float>(settings.max_grad_norm) /
                      (static_cast<float>(std::sqrt(squares_[0] + squares_[1])) + 1e-6f);
  run(2, [&](int n) {
    const Mlp& mlp = n == 0 ? slices_[0].policy.mlp() : slices_[0].value.mlp();
    kernels_.adam(mlp, adam, scale >= 1.0f ? 1.0f : scale);
    kernels_.refresh(mlp);
  });
  mark_ = mark();
  result.updated = true;
  return result;
}

PpoResult ActorCritic::gradients(std::span<const std::int64_t> numbers, const PpoSettings& settings,
                                 const Tensors& out) {
  const std::lock_guard lock(mutex_);
  const support::FlushDenormals flush;
  const PpoResult result = pass(numbers, settings);
  auto next = out.begin();
  for_each_layer([&](const MlpLayer& layer) {
    float* const weights = *next++;
    for (ptrdiff_t row = 0; row < layer.outputs; ++row) {
      std::copy_n(layer.weight_gradient + row * row_stride(layer.inputs), layer.inputs,
                  weights + row * layer.inputs);
    }
    std::copy_n(layer.bias_gradient, layer.outputs, *next++);
  });
  return result;
}

}  // namespace qwop::learner
