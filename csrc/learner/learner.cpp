#include "learner/learner.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "learner/tensor_mark.hpp"
#include "support/flush_denormals.hpp"

namespace qwop::learner {
namespace {

constexpr ptrdiff_t kLanesMost = kPadding;

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void prefetch(const float* from, ptrdiff_t n) {
  for (ptrdiff_t i = 0; i < n; i += 16) __builtin_prefetch(from + i, 0, 2);
  __builtin_prefetch(from + n - 1, 0, 2);
}

}  // namespace

QuantileLearner::QuantileLearner(const Architecture& architecture,
                                 const std::string& instruction_set)
    : architecture_(architecture), kernels_(choose_kernels(instruction_set)) {
  const auto& widths = architecture_.widths;
  if (widths.empty() || std::ranges::min(widths) < 1 || architecture.n_actions < 1 ||
      architecture.n_quantiles < 1) {
    throw std::invalid_argument("every width and number of actions or quantiles must be 1 or more");
  }
  const auto floats = [&](ptrdiff_t n) { return float_memory_.emplace_back(n).get(); };
  const auto packed = [&](ptrdiff_t outputs, ptrdiff_t inputs) {
    return PackedLayer{floats(padded(outputs) * inputs), floats(padded(outputs))};
  };
  for (std::size_t l = 0; l < widths.size(); ++l) {
    const bool is_head = l + 1 == widths.size();
    const ptrdiff_t outputs =
        is_head ? architecture.n_actions * architecture.n_quantiles : widths[l + 1];
    Layer layer;
    layer.inputs = widths[l];
    layer.outputs = outputs;
    layer.weight.size = outputs * widths[l];
    layer.bias.size = outputs;
    layers_.push_back(layer);
    sizes_.push_back(layer.weight.size);
    sizes_.push_back(layer.bias.size);
    if (is_head) break;
    online_hidden_.push_back(packed(outputs, widths[l]));
    target_hidden_.push_back(packed(outputs, widths[l]));
  }
  const ptrdiff_t last = widths.back();
  for (ptrdiff_t a = 0; a < architecture.n_actions; ++a) {
    target_head_.push_back(packed(architecture.n_quantiles, last));
  }
  job_.n_layers = static_cast<int>(layers_.size());
  job_.n_actions = architecture.n_actions;
  job_.n_quantiles = architecture.n_quantiles;
  job_.activation = architecture.activation;
  job_.loss_scale = architecture.loss_scale;
  job_.layers = layers_.data();
  job_.online = {online_hidden_.data(), floats(architecture.n_actions * padded(last)),
                 packed(architecture.n_actions, last), nullptr};
  job_.target = {target_hidden_.data(), floats(architecture.n_actions * padded(last)),
                 packed(architecture.n_actions, last), target_head_.data()};
}

void QuantileLearner::bind_online(const Tensors& values) {
  const std::lock_guard lock(mutex_);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    layers_[l].weight.value = values[2 * l];
    layers_[l].bias.value = values[2 * l + 1];
  }
  online_mark_.reset();
}

void QuantileLearner::bind_target(const Tensors& values) {
  const std::lock_guard lock(mutex_);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    layers_[l].target_weight = values[2 * l];
    layers_[l].target_bias = values[2 * l + 1];
  }
  target_mark_.reset();
}

void QuantileLearner::bind_adam(const Tensors& means, const Tensors& squares,
                                const Tensors& steps) {
  const std::lock_guard lock(mutex_);
  for (std::size_t t = 0; t < means.size(); ++t) {
    Parameter& p = t % 2 == 0 ? layers_[t / 2].weight : layers_[t / 2].bias;
    p.mean = means[t];
    p.square = squares[t];
    p.step = steps[t];
  }
}

void QuantileLearner::bind_replay(const Replay& replay) {
  const std::lock_guard lock(mutex_);
  replay_ = replay;
}

void QuantileLearner::invalidate() {
  const std::lock_guard lock(mutex_);
  online_mark_.reset();
  target_mark_.reset();
}

void QuantileLearner::measure_time(bool on) {
  const std::lock_guard lock(mutex_);
  job_.clock = on ? steady_seconds : nullptr;
  std::ranges::fill(job_.seconds, 0.0);
}

void QuantileLearner::require_ready(bool adam) const {
  const Layer& first = layers_.front();
  if (!first.weight.value || !first.target_weight || !replay_.observations) {
    throw std::logic_error("bind the parameters, the target's and the replay buffer first");
  }
  if (adam && !first.weight.mean) throw std::logic_error("bind the state of Adam first");
}

// Makes room for batches and for rows of observations; both only ever grow.
void QuantileLearner::reserve(ptrdiff_t batch, ptrdiff_t rows) {
  if (batch <= reserved_batch_ && rows <= reserved_rows_) return;
  reserved_batch_ = std::max({batch, reserved_batch_, ptrdiff_t{1}});
  reserved_rows_ = std::max({reserved_batch_, rows, reserved_rows_});
  batch_floats_.clear();
  batch_doubles_.clear();
  batch_ints_.clear();
  const auto floats = [&](ptrdiff_t n) { return batch_floats_.emplace_back(n).get(); };
  const auto doubles = [&](ptrdiff_t n) { return batch_doubles_.emplace_back(n).get(); };
  const auto ints = [&](ptrdiff_t n) { return batch_ints_.emplace_back(n).get(); };
  const ptrdiff_t size = padded(reserved_batch_), actions = architecture_.n_actions,
                  n = architecture_.n_quantiles, row = padded(n);
  inputs_.clear();
  target_inputs_.clear();
  input_gradients_.clear();
  ptrdiff_t widest = actions * n;
  for (const ptrdiff_t width : architecture_.widths) {
    inputs_.push_back(floats(padded(reserved_rows_) * padded(width)));
    target_inputs_.push_back(floats(size * padded(width)));
    input_gradients_.push_back(floats(size * padded(width)));
    widest = std::max(widest, width);
  }
  Scratch& s = job_.scratch;
  s.first = ints(actions + 1);
  s.rewards = floats(size);
  s.discounts = floats(size);
  s.inputs = inputs_.data();
  s.target_inputs = target_inputs_.data();
  s.gradients = input_gradients_.data();
  s.q = floats(padded(reserved_rows_) * padded(actions));
  s.greedy = ints(size);
  s.greedy_first = ints(actions + 1);
  s.current = floats(size * row);
  s.targets = floats(size * row);
  s.panel = floats(architecture_.widths.back() * 4 * kLanesMost);
  s.head_bias = floats(row);
  s.bias_gradient = floats(padded(widest));
  s.unused = floats(padded(widest));
  s.lanes = floats((n + 2 * kLanesMost) * kLanesMost);
  s.sorted = floats(kLanesMost * 4 * std::max<ptrdiff_t>(n, kLanesMost));
  s.values = doubles(row + kLanesMost);
  s.squares = doubles(row + kLanesMost);
  s.counts = ints(3 * row);
  s.tau = doubles(row);
  s.rest = doubles(row);
  for (ptrdiff_t i = 0; i < n; ++i) {
    // In float32, as sb3-contrib computes them.
    const float tau = (static_cast<float>(i) + 0.5f) / static_cast<float>(n);
    s.tau[i] = tau;
    s.rest[i] = std::abs(tau - 1.0f);
  }
}

// Offsets of the drawn transitions in the replay buffer, sorted by action and otherwise as drawn.
void QuantileLearner::sort_by_action(std::span<const std::int64_t> positions,
                                     std::span<const std::int64_t> games) {
  const ptrdiff_t actions = architecture_.n_actions;
  std::int32_t* const first = job_.scratch.first;
  std::fill_n(first, actions + 1, 0);
  const auto offset = [&](std::size_t i) { return positions[i] * replay_.games + games[i]; };
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] < 0 || positions[i] >= replay_.positions || games[i] < 0 ||
        games[i] >= replay_.games) {
      throw std::invalid_argument("a transition outside the replay buffer was drawn");
    }
    __builtin_prefetch(replay_.actions + offset(i), 0, 2);
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const std::int64_t action = replay_.actions[offset(i)];
    if (action < 0 || action >= actions) {
      throw std::invalid_argument("the replay buffer holds the action " + std::to_string(action) +
                                  ", but there are " + std::to_string(actions));
    }
    ++first[action + 1];
  }
  for (ptrdiff_t a = 0; a < actions; ++a) first[a + 1] += first[a];
  order_.resize(positions.size());
  next_of_action_.assign(first, first + actions);
  for (std::size_t i = 0; i < positions.size(); ++i) {
    const ptrdiff_t at = offset(i);
    std::int32_t& next = next_of_action_[static_cast<std::size_t>(replay_.actions[at])];
    order_[static_cast<std::size_t>(next++)] = at;
  }
}

void QuantileLearner::gather(std::span<const std::int64_t> positions,
                             std::span<const std::int64_t> games, double gamma) {
  if (positions.size() != games.size() || positions.empty()) {
    throw std::invalid_argument("positions and games must be of the same size, 1 or more");
  }
  job_.batch = static_cast<ptrdiff_t>(positions.size());
  reserve(job_.batch, job_.batch);
  sort_by_action(positions, games);
  const ptrdiff_t width = observation_size(), stride = padded(width);
  const auto bytes = static_cast<std::size_t>(width) * sizeof(float);
  for (const ptrdiff_t at : order_) {
    prefetch(replay_.observations + at * width, width);
    prefetch(replay_.next_observations + at * width, width);
    __builtin_prefetch(replay_.rewards + at, 0, 2);
    __builtin_prefetch(replay_.dones + at, 0, 2);
    __builtin_prefetch(replay_.timeouts + at, 0, 2);
  }
  const Scratch& s = job_.scratch;
  const auto discount = static_cast<float>(gamma);
  for (ptrdiff_t i = 0; i < job_.batch; ++i) {
    const ptrdiff_t at = order_[static_cast<std::size_t>(i)];
    std::memcpy(s.inputs[0] + i * stride, replay_.observations + at * width, bytes);
    std::memcpy(s.target_inputs[0] + i * stride, replay_.next_observations + at * width, bytes);
    const float done = replay_.dones[at] * (1.0f - replay_.timeouts[at]);
    s.rewards[i] = replay_.rewards[at];
    s.discounts[i] = (1.0f - done) * discount;
  }
}

std::uint64_t QuantileLearner::mark_online() {
  marked_.clear();
  for (const Layer& layer : layers_) {
    marked_.push_back(layer.weight.value);
    marked_.push_back(layer.bias.value);
  }
  return mark_of(marked_, sizes_);
}

std::uint64_t QuantileLearner::mark_target() {
  marked_.clear();
  for (const Layer& layer : layers_) {
    marked_.push_back(layer.target_weight);
    marked_.push_back(layer.target_bias);
  }
  return mark_of(marked_, sizes_);
}

void QuantileLearner::refresh_online() {
  const std::uint64_t mark = mark_online();
  if (online_mark_ != mark) kernels_.refresh_online(job_);
  online_mark_ = mark;
}

void QuantileLearner::refresh() {
  refresh_online();
  const std::uint64_t mark = mark_target();
  if (target_mark_ != mark) kernels_.refresh_target(job_);
  target_mark_ = mark;
}

double QuantileLearner::update(std::span<const std::int64_t> positions,
                               std::span<const std::int64_t> games, double gamma,
                               const AdamSettings& adam, std::optional<double> max_norm) {
  const std::lock_guard lock(mutex_);
  require_ready(true);
  const support::FlushDenormals flush;
  job_.begin_timing();
  gather(positions, games, gamma);
  job_.end_of(kGather);
  refresh();
  job_.end_of(kRefresh);
  const double loss = max_norm ? clipped_update(adam, *max_norm) : kernels_.update(job_, adam);
  online_mark_ = mark_online();  // the kernels have derived the new layouts
  return loss;
}

void QuantileLearner::write_gradients_to(const Tensors& out) {
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    layers_[l].weight.gradient = out[2 * l];
    layers_[l].bias.gradient = out[2 * l + 1];
  }
}

double QuantileLearner::clipped_update(const AdamSettings& adam, double max_norm) {
  Tensors own;
  for (std::size_t t = 0; t < sizes_.size(); ++t) {
    if (gradient_memory_.size() <= t) gradient_memory_.emplace_back(sizes_[t]);
    own.push_back(gradient_memory_[t].get());
  }
  write_gradients_to(own);
  const double loss = kernels_.gradients(job_);
  double squares = 0.0;
  for (std::size_t t = 0; t < own.size(); ++t) {
    for (ptrdiff_t i = 0; i < sizes_[t]; ++i) squares += double{own[t][i]} * own[t][i];
  }
  // As torch.nn.utils.clip_grad_norm_, in float32.
  const float scale =
      static_cast<float>(max_norm) / (static_cast<float>(std::sqrt(squares)) + 1e-6f);
  kernels_.apply(job_, adam, scale < 1.0f ? scale : scale >= 1.0f ? 1.0f : scale);
  return loss;
}

double QuantileLearner::gradients(std::span<const std::int64_t> positions,
                                  std::span<const std::int64_t> games, double gamma,
                                  const Tensors& out) {
  const std::lock_guard lock(mutex_);
  require_ready(false);
  const support::FlushDenormals flush;
  gather(positions, games, gamma);
  refresh();
  write_gradients_to(out);
  return kernels_.gradients(job_);
}

void QuantileLearner::act(const float* observations, ptrdiff_t rows, std::int64_t* actions) {
  const std::lock_guard lock(mutex_);
  if (!layers_.front().weight.value) throw std::logic_error("bind the parameters first");
  if (rows == 0) return;
  const support::FlushDenormals flush;
  reserve(0, rows);
  refresh_online();
  const ptrdiff_t width = observation_size(), stride = padded(width);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    std::memcpy(job_.scratch.inputs[0] + r * stride, observations + r * width,
                static_cast<std::size_t>(width) * sizeof(float));
  }
  kernels_.act(job_, rows, actions);
}

}  // namespace qwop::learner
