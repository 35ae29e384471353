#include "learner/qrdqn/quantile_learner.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "learner/tensor_mark.hpp"
#include "support/flush_denormals.hpp"

namespace qwop::learner {
namespace {

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<ptrdiff_t> sizes_of(const std::vector<nn::Linear>& layers) {
  std::vector<ptrdiff_t> sizes;
  for (const nn::Linear& layer : layers) {
    sizes.push_back(layer.weight.size);
    sizes.push_back(layer.bias.size);
  }
  return sizes;
}

void set_values(std::vector<nn::Linear>& layers, const Tensors& values) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    layers[l].weight.value = values[2 * l];
    layers[l].bias.value = values[2 * l + 1];
  }
}

}  // namespace

QuantileLearner::QuantileLearner(const Architecture& architecture,
                                 const std::string& instruction_set)
    : architecture_(architecture),
      kernels_(choose_kernels(instruction_set).qrdqn),
      instruction_set_(choose_kernels(instruction_set).name),
      layers_(architecture.layers()),
      target_layers_(layers_),
      sizes_(sizes_of(layers_)),
      online_memory_(architecture, false),
      target_memory_(architecture, true),
      batch_memory_(architecture_) {
  job_.n_layers = static_cast<int>(layers_.size());
  job_.n_actions = architecture.n_actions;
  job_.n_quantiles = architecture.n_quantiles;
  job_.activation = architecture.activation;
  job_.loss_scale = architecture.loss_scale;
  job_.layers = layers_.data();
  job_.target_layers = target_layers_.data();
  job_.online = online_memory_.view();
  job_.target = target_memory_.view();
}

void QuantileLearner::bind_online(const Tensors& values) {
  const std::lock_guard lock(mutex_);
  set_values(layers_, values);
  online_mark_.reset();
}

void QuantileLearner::bind_target(const Tensors& values) {
  const std::lock_guard lock(mutex_);
  set_values(target_layers_, values);
  target_mark_.reset();
}

void QuantileLearner::bind_adam(const Tensors& means, const Tensors& squares,
                                const Tensors& steps) {
  const std::lock_guard lock(mutex_);
  for (std::size_t t = 0; t < means.size(); ++t) {
    nn::Parameter& p = t % 2 == 0 ? layers_[t / 2].weight : layers_[t / 2].bias;
    p.mean = means[t];
    p.square = squares[t];
    p.step = steps[t];
  }
}

void QuantileLearner::bind_replay(const Replay& replay) {
  const std::lock_guard lock(mutex_);
  replay.check(observation_size());
  gatherer_.bind(replay);
}

void QuantileLearner::invalidate() {
  const std::lock_guard lock(mutex_);
  online_mark_.reset();
  target_mark_.reset();
}

void QuantileLearner::measure_time(bool on) {
  const std::lock_guard lock(mutex_);
  job_.timing.clock = on ? steady_seconds : nullptr;
  std::ranges::fill(job_.timing.seconds, 0.0);
}

void QuantileLearner::require_ready(bool adam) const {
  const nn::Linear& first = layers_.front();
  if (!first.weight.value || !target_layers_.front().weight.value || !gatherer_.is_bound()) {
    throw std::logic_error("bind the parameters, the target's and the replay buffer first");
  }
  if (adam && !first.weight.mean) throw std::logic_error("bind the state of Adam first");
}

void QuantileLearner::gather(const Drawn& drawn, double gamma) {
  if (drawn.positions.size() != drawn.games.size() || drawn.positions.empty()) {
    throw std::invalid_argument("positions and games must be of the same size, 1 or more");
  }
  job_.batch.size = static_cast<ptrdiff_t>(drawn.positions.size());
  batch_memory_.reserve(job_.batch.size, job_.batch.size, job_);
  gatherer_.sort_by_action(drawn, architecture_.n_actions, job_.batch.first);
  gatherer_.copy_to(job_, observation_size(), gamma);
}

std::uint64_t QuantileLearner::mark_of_layers(const std::vector<nn::Linear>& layers) {
  marked_.clear();
  for (const nn::Linear& layer : layers) {
    marked_.push_back(layer.weight.value);
    marked_.push_back(layer.bias.value);
  }
  return mark_of(marked_, sizes_);
}

void QuantileLearner::refresh_online() {
  const std::uint64_t mark = mark_of_layers(layers_);
  if (online_mark_ != mark) kernels_.refresh_online(job_);
  online_mark_ = mark;
}

void QuantileLearner::refresh() {
  refresh_online();
  const std::uint64_t mark = mark_of_layers(target_layers_);
  if (target_mark_ != mark) kernels_.refresh_target(job_);
  target_mark_ = mark;
}

double QuantileLearner::update(const Drawn& drawn, double gamma, const AdamSettings& adam,
                               std::optional<double> max_norm) {
  const std::lock_guard lock(mutex_);
  require_ready(true);
  const support::FlushDenormals flush;
  job_.timing.begin();
  gather(drawn, gamma);
  job_.timing.end_of(kGather);
  refresh();
  job_.timing.end_of(kRefresh);
  const double loss = max_norm ? clipped_update(adam, *max_norm) : kernels_.update(job_, adam);
  online_mark_ = mark_of_layers(layers_);  // the kernels have derived the new layouts
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

double QuantileLearner::gradients(const Drawn& drawn, double gamma, const Tensors& out) {
  const std::lock_guard lock(mutex_);
  require_ready(false);
  const support::FlushDenormals flush;
  gather(drawn, gamma);
  refresh();
  write_gradients_to(out);
  return kernels_.gradients(job_);
}

void QuantileLearner::act(const float* observations, ptrdiff_t rows, std::int64_t* actions) {
  const std::lock_guard lock(mutex_);
  if (!layers_.front().weight.value) throw std::logic_error("bind the parameters first");
  if (rows == 0) return;
  const support::FlushDenormals flush;
  batch_memory_.reserve(0, rows, job_);
  refresh_online();
  const ptrdiff_t width = observation_size(), stride = padded(width);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    std::memcpy(job_.pass.inputs[0] + r * stride, observations + r * width,
                static_cast<std::size_t>(width) * sizeof(float));
  }
  kernels_.act(job_, rows, actions);
}

}  // namespace qwop::learner
