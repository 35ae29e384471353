#include "learner/actor_critic.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "learner/flush_denormals.hpp"

namespace qwop::learner {
namespace {

std::vector<ptrdiff_t> with_outputs(std::vector<ptrdiff_t> widths, ptrdiff_t outputs) {
  widths.push_back(outputs);
  if (widths.size() < 2 || std::ranges::min(widths) < 1) {
    throw std::invalid_argument("every width and the number of actions must be 1 or more");
  }
  return widths;
}

}  // namespace

MlpMemory::MlpMemory(const std::vector<ptrdiff_t>& widths, Activation activation) {
  const auto floats = [&](ptrdiff_t n) { return memory_.emplace_back(n).get(); };
  const ptrdiff_t widest = padded(std::ranges::max(widths));
  for (std::size_t l = 0; l < widths.size(); ++l) {
    values_.push_back(floats(kChunk * padded(widths[l])));
    gradients_.push_back(floats(kChunk * padded(widths[l])));
    if (l + 1 == widths.size()) break;
    MlpLayer layer;
    layer.inputs = widths[l];
    layer.outputs = widths[l + 1];
    layer.weight.size = layer.inputs * layer.outputs;
    layer.bias.size = layer.outputs;
    layer.forward = {floats(padded(layer.outputs) * layer.inputs), floats(padded(layer.outputs))};
    layer.backward = floats(layer.outputs * padded(layer.inputs));
    layer.weight_gradient = floats(layer.outputs * padded(layer.inputs));
    layer.bias_gradient = floats(padded(layer.outputs));
    layers_.push_back(layer);
  }
  mlp_ = {static_cast<int>(layers_.size()),
          activation,
          layers_.data(),
          values_.data(),
          gradients_.data(),
          floats(widest * kChunk),
          floats(kChunk * widest)};
}

ActorCritic::ActorCritic(std::vector<ptrdiff_t> policy_widths, std::vector<ptrdiff_t> value_widths,
                         ptrdiff_t n_actions, Activation activation,
                         const std::string& instruction_set)
    : kernels_(choose_kernels(instruction_set)),
      observation_size_(policy_widths.empty() ? 0 : policy_widths.front()),
      n_actions_(n_actions),
      policy_(with_outputs(std::move(policy_widths), n_actions), activation),
      value_(with_outputs(std::move(value_widths), 1), activation),
      exponentials_(kChunk * padded(n_actions)),
      greatest_(kChunk) {
  if (value_.mlp().layers[0].inputs != observation_size_) {
    throw std::invalid_argument("both networks must take the same observations");
  }
  for_each_layer([&](MlpLayer& layer) {
    sizes_.push_back(layer.weight.size);
    sizes_.push_back(layer.bias.size);
  });
}

template <class Function>
void ActorCritic::for_each_layer(const Function& f) {
  for (MlpMemory* memory : {&policy_, &value_}) {
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
    for (Parameter* p : {&layer.weight, &layer.bias}) {
      p->mean = means[t];
      p->square = squares[t];
      p->step = steps[t];
      ++t;
    }
  });
}

void ActorCritic::bind_rollout(const Rollout& rollout) {
  const std::lock_guard lock(mutex_);
  rollout_ = rollout;
}

std::uint64_t ActorCritic::mark() const { return mark_of(parameters_, sizes_); }

// Packs the parameters anew where they have changed.
void ActorCritic::refresh() {
  if (parameters_.empty()) throw std::logic_error("bind the parameters first");
  const std::uint64_t now = mark();
  if (mark_ == now) return;
  kernels_.mlp_refresh(policy_.mlp());
  kernels_.mlp_refresh(value_.mlp());
  mark_ = now;
}

void ActorCritic::act(const float* observations, ptrdiff_t rows, const float* noise,
                      std::int64_t* actions, float* values, float* log_probs) {
  const std::lock_guard lock(mutex_);
  const FlushDenormals flush;
  refresh();
  const ptrdiff_t width = observation_size_, stride = padded(n_actions_);
  for (ptrdiff_t begin = 0; begin < rows; begin += kChunk) {
    const ptrdiff_t count = std::min(kChunk, rows - begin);
    for (ptrdiff_t r = 0; r < count; ++r) {
      for (MlpMemory* memory : {&policy_, &value_}) {
        std::memcpy(memory->mlp().values[0] + r * padded(width), observations + (begin + r) * width,
                    static_cast<std::size_t>(width) * sizeof(float));
      }
    }
    kernels_.mlp_forward(policy_.mlp(), count);
    kernels_.mlp_forward(value_.mlp(), count);
    kernels_.exponentials(policy_.outputs(), count, n_actions_, exponentials_.get(),
                          greatest_.get());
    for (ptrdiff_t r = 0; r < count; ++r) {
      const float* const row = exponentials_.get() + r * stride;
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
      values[begin + r] = value_.outputs()[r * kPadding];
      log_probs[begin + r] =
          policy_.outputs()[r * stride + best] - greatest_.get()[r] - std::log(total);
    }
  }
}

// The advantages of the batch, with mean 0 and deviation 1 where that is wanted.
void ActorCritic::normalize(bool wanted) {
  const std::size_t n = places_.size();
  advantages_.resize(n);
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    advantages_[i] = rollout_.advantages[places_[i]];
    sum += double{advantages_[i]};
  }
  if (!wanted || n < 2) return;
  const double mean = sum / static_cast<double>(n);
  for (const float a : advantages_) squares += (double{a} - mean) * (double{a} - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(n - 1));
  for (float& a : advantages_) a = static_cast<float>((double{a} - mean) / (deviation + 1e-8));
}

void ActorCritic::gather(ptrdiff_t begin, ptrdiff_t rows) {
  const ptrdiff_t width = observation_size_;
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const float* const from =
        rollout_.observations + places_[static_cast<std::size_t>(begin + r)] * width;
    for (MlpMemory* memory : {&policy_, &value_}) {
      std::memcpy(memory->mlp().values[0] + r * padded(width), from,
                  static_cast<std::size_t>(width) * sizeof(float));
    }
  }
}

// Gradients of the loss for the networks' results; what is logged is added to `sums`.
void ActorCritic::losses(ptrdiff_t begin, ptrdiff_t rows, const PpoSettings& settings,
                         PpoResult& sums) {
  const ptrdiff_t n = n_actions_, stride = padded(n);
  const auto share = 1.0f / static_cast<float>(places_.size());
  const auto low = static_cast<float>(1.0 - settings.clip_range);
  const auto high = static_cast<float>(1.0 + settings.clip_range);
  const auto clip = static_cast<float>(settings.clip_range);
  const auto entropy_share = static_cast<float>(settings.entropy_coefficient) * share;
  const auto value_share = 2.0f * static_cast<float>(settings.value_coefficient) * share;
  kernels_.exponentials(policy_.outputs(), rows, n, exponentials_.get(), greatest_.get());
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const auto i = static_cast<std::size_t>(begin + r);
    const ptrdiff_t at = places_[i];
    const float* const e = exponentials_.get() + r * stride;
    const float* const logits = policy_.outputs() + r * stride;
    float total = 0.0f;
    for (ptrdiff_t a = 0; a < n; ++a) total += e[a];
    const float shift = greatest_.get()[r] + std::log(total), inverse = 1.0f / total;
    float entropy = 0.0f;
    for (ptrdiff_t a = 0; a < n; ++a) entropy -= e[a] * inverse * (logits[a] - shift);
    const ptrdiff_t action = rollout_.actions[at];
    const float moved = logits[action] - shift - rollout_.log_probs[at];
    const float ratio = std::exp(moved), advantage = advantages_[i];
    const float plain = advantage * ratio, clipped = advantage * std::clamp(ratio, low, high);
    // Where both are equal, either half of the gradient arrives.
    const float for_log_prob = plain <= clipped ? -plain * share : plain > clipped ? 0.0f : plain;
    float* const gradient = policy_.output_gradients() + r * stride;
    for (ptrdiff_t a = 0; a < n; ++a) {
      const float probability = e[a] * inverse;
      gradient[a] =
          -for_log_prob * probability + entropy_share * probability * (logits[a] - shift + entropy);
    }
    gradient[action] += for_log_prob;

    const float value = value_.outputs()[r * kPadding], wanted = rollout_.returns[at];
    float used = value;
    bool inside = true;
    if (settings.clip_range_values) {
      const auto most = static_cast<float>(*settings.clip_range_values);
      const float difference = value - rollout_.values[at];
      inside = !(difference < -most || difference > most);
      used = rollout_.values[at] + std::clamp(difference, -most, most);
    }
    value_.output_gradients()[r * kPadding] = inside ? value_share * (used - wanted) : 0.0f;

    sums.policy_loss -= double{std::min(plain, clipped)};
    sums.value_loss += double{used - wanted} * double{used - wanted};
    sums.entropy_loss -= double{entropy};
    sums.clip_fraction += std::abs(ratio - 1.0f) > clip ? 1.0 : 0.0;
    sums.kl += double{ratio - 1.0f - moved};
  }
}

PpoResult ActorCritic::pass(std::span<const std::int64_t> numbers, const PpoSettings& settings) {
  if (!rollout_.observations) throw std::logic_error("bind the rollout first");
  if (numbers.empty()) throw std::invalid_argument("there must be at least one transition");
  refresh();
  places_.clear();
  for (const std::int64_t number : numbers) {
    if (number < 0 || number >= rollout_.steps * rollout_.games) {
      throw std::invalid_argument("a transition outside the rollout was drawn");
    }
    places_.push_back(number % rollout_.steps * rollout_.games + number / rollout_.steps);
    const std::int64_t action = rollout_.actions[places_.back()];
    if (action < 0 || action >= n_actions_) {
      throw std::invalid_argument("the rollout holds the action " + std::to_string(action) +
                                  ", but there are " + std::to_string(n_actions_));
    }
  }
  normalize(settings.normalize_advantages);
  PpoResult result;
  const auto n = static_cast<ptrdiff_t>(numbers.size());
  for (ptrdiff_t begin = 0; begin < n; begin += kChunk) {
    const ptrdiff_t rows = std::min(kChunk, n - begin);
    gather(begin, rows);
    kernels_.mlp_forward(policy_.mlp(), rows);
    kernels_.mlp_forward(value_.mlp(), rows);
    losses(begin, rows, settings, result);
    kernels_.mlp_backward(policy_.mlp(), rows, begin == 0);
    kernels_.mlp_backward(value_.mlp(), rows, begin == 0);
  }
  for (double* sum : {&result.policy_loss, &result.value_loss, &result.entropy_loss,
                      &result.clip_fraction, &result.kl}) {
    *sum /= static_cast<double>(n);
  }
  result.loss = result.policy_loss + settings.entropy_coefficient * result.entropy_loss +
                settings.value_coefficient * result.value_loss;
  return result;
}

PpoResult ActorCritic::update(std::span<const std::int64_t> numbers, const PpoSettings& settings) {
  const std::lock_guard lock(mutex_);
  if (!policy_.mlp().layers[0].weight.mean) throw std::logic_error("bind the state of Adam first");
  const FlushDenormals flush;
  PpoResult result = pass(numbers, settings);
  if (settings.most_kl && result.kl > *settings.most_kl) return result;
  double squares = 0.0;
  for_each_layer([&](const MlpLayer& layer) {
    squares +=
        kernels_.sum_of_squares(layer.weight_gradient, layer.outputs * padded(layer.inputs)) +
        kernels_.sum_of_squares(layer.bias_gradient, layer.outputs);
  });
  // As torch.nn.utils.clip_grad_norm_, in float32.
  const float scale =
      static_cast<float>(settings.max_grad_norm) / (static_cast<float>(std::sqrt(squares)) + 1e-6f);
  for (MlpMemory* memory : {&policy_, &value_}) {
    kernels_.mlp_adam(memory->mlp(), settings.adam, scale >= 1.0f ? 1.0f : scale);
  }
  result.updated = true;
  return result;
}

PpoResult ActorCritic::gradients(std::span<const std::int64_t> numbers, const PpoSettings& settings,
                                 const Tensors& out) {
  const std::lock_guard lock(mutex_);
  const FlushDenormals flush;
  const PpoResult result = pass(numbers, settings);
  auto next = out.begin();
  for_each_layer([&](const MlpLayer& layer) {
    float* const weights = *next++;
    for (ptrdiff_t row = 0; row < layer.outputs; ++row) {
      std::copy_n(layer.weight_gradient + row * padded(layer.inputs), layer.inputs,
                  weights + row * layer.inputs);
    }
    std::copy_n(layer.bias_gradient, layer.outputs, *next++);
  });
  return result;
}

}  // namespace qwop::learner
