#include "learner/large_batch/learner.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include "support/flush_denormals.hpp"

namespace qwop::learner {
namespace {

using nn::kChunk;
using nn::Mlp;
using nn::MlpLayer;
using nn::MlpMemory;
using nn::row_stride;

// Best of the first n; the first of equals, and NaN above all, as torch's argmax.
std::int32_t argmax(const float* values, ptrdiff_t n) {
  std::int32_t best = 0;
  for (std::int32_t i = 1; i < n && values[best] == values[best]; ++i) {
    if (!(values[i] <= values[best])) best = i;
  }
  return best;
}

float* output_of(MlpMemory& memory) { return memory.output_row(0); }

}  // namespace

LargeBatchLearner::Slice::Slice(const ValueShape& shape, ValueNetwork& of_online,
                                ValueNetwork& of_target)
    : online(shape.trunk(), &of_online.trunk()),
      target(shape.trunk(), &of_target.trunk()),
      quantiles(kChunk * row_stride(shape.n_quantiles)),
      targets(kChunk * row_stride(shape.n_quantiles)),
      others(kChunk * row_stride(shape.n_quantiles)),
      chosen_inputs(kChunk * row_stride(shape.hidden.back())),
      q(kChunk * row_stride(shape.n_actions)),
      policy(kChunk * row_stride(shape.n_actions)),
      log_policy(kChunk * row_stride(shape.n_actions)),
      greatest(kChunk),
      bonus(kChunk),
      errors(kChunk),
      head_weight(shape.n_actions * shape.n_quantiles * row_stride(shape.hidden.back())),
      head_bias(nn::padded(shape.n_actions * shape.n_quantiles)),
      chosen(kChunk),
      order(kChunk) {}

LargeBatchLearner::LargeBatchLearner(const ValueShape& shape, const std::string& instruction_set)
    : shape_(shape), kernels_(choose_kernels(instruction_set)), online_(shape), target_(shape) {
  slices_.reserve(kSlices);
  for (int s = 0; s < kSlices; ++s) slices_.emplace_back(shape_, online_, target_);
  for (ptrdiff_t i = 0; i < shape.n_quantiles; ++i) {
    // In float32, as sb3-contrib computes them.
    tau_.push_back((static_cast<float>(i) + 0.5f) / static_cast<float>(shape.n_quantiles));
  }
  squares_.resize(static_cast<std::size_t>(parts()));
  part_steps_.resize(static_cast<std::size_t>(2 * kHeadParts));
}

void LargeBatchLearner::bind_online(const nn::Tensors& values) {
  const std::lock_guard lock(mutex_);
  online_.bind(values);
  online_mark_.reset();
}

void LargeBatchLearner::bind_target(const nn::Tensors& values) {
  const std::lock_guard lock(mutex_);
  target_.bind(values);
  target_mark_.reset();
}

void LargeBatchLearner::bind_adam(const nn::Tensors& means, const nn::Tensors& squares,
                                  const nn::Tensors& steps) {
  const std::lock_guard lock(mutex_);
  online_.bind_adam(means, squares, steps);
}

void LargeBatchLearner::bind_replay(const Replay& replay) {
  const std::lock_guard lock(mutex_);
  replay.check(shape_.observation_size);
  replay_ = replay;
}

void LargeBatchLearner::invalidate() {
  const std::lock_guard lock(mutex_);
  online_mark_.reset();
  target_mark_.reset();
}

void LargeBatchLearner::set_threads(int threads) {
  if (threads < 1) throw std::invalid_argument("there must be at least one thread");
  const std::lock_guard lock(mutex_);
  pool_.set_threads(threads);
}

void LargeBatchLearner::require_ready(bool adam) const {
  if (!online_.is_bound() || !target_.is_bound() || replay_.observations.empty()) {
    throw std::logic_error("bind the parameters, the target's and the replay buffer first");
  }
  if (adam && !online_.has_adam()) throw std::logic_error("bind the state of Adam first");
}

// Packs the parameters anew where they have changed.
void LargeBatchLearner::refresh() {
  const std::uint64_t online = online_.mark(), target = target_.mark();
  const bool stale[]{online_mark_ != online, target_mark_ != target};
  pool_.run(4, [&](int task) {
    if (!stale[task / 2]) return;
    const ValueNetwork& network = task < 2 ? online_ : target_;
    if (task % 2 == 0) {
      kernels_.mlp.refresh(network.mlp());
    } else {
      kernels_.head.refresh(network.head());
    }
  });
  online_mark_ = online;
  target_mark_ = target;
}

// ---- one slice
// -----------------------------------------------------------------------------------

int LargeBatchLearner::slices() const {
  return static_cast<int>(std::min<ptrdiff_t>((returns_.size() + kChunk - 1) / kChunk, kSlices));
}

void LargeBatchLearner::write_inputs(MlpMemory& memory, const float* observations,
                                     const std::vector<ptrdiff_t>& offsets,
                                     const Chunk& chunk) const {
  const ptrdiff_t width = shape_.observation_size;
  const auto row = [&](ptrdiff_t r) {
    return observations + offsets[static_cast<std::size_t>(chunk.begin + r)] * width;
  };
  constexpr ptrdiff_t kAhead = 8;  // rows lie anywhere in gigabytes
  for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
    if (r + kAhead < chunk.rows) {
      const float* const next = row(r + kAhead);
      for (ptrdiff_t i = 0; i < width; i += 16) __builtin_prefetch(next + i, 0, 2);
    }
    shape_.features.write(row(r), width, memory.input_row(r));
  }
}

// Calls f(action, first row of the chunk, rows) for each action that was taken in the chunk.
template <class Function>
void LargeBatchLearner::for_each_action(const Chunk& chunk, const Function& f) const {
  const ptrdiff_t end = chunk.begin + chunk.rows;
  for (ptrdiff_t a = 0; a < shape_.n_actions; ++a) {
    const auto& begins = returns_.action_begins;
    const ptrdiff_t from = std::max<ptrdiff_t>(begins[static_cast<std::size_t>(a)], chunk.begin);
    const ptrdiff_t to = std::min<ptrdiff_t>(begins[static_cast<std::size_t>(a) + 1], end);
    if (from < to) f(a, from - chunk.begin, to - from);
  }
}

void LargeBatchLearner::targets(Slice& slice, const Chunk& chunk,
                                const LargeBatchSettings& settings) const {
  if (settings.munchausen) {
    munchausen_targets(slice, chunk, *settings.munchausen);
  } else {
    greedy_targets(slice, chunk, settings.double_q);
  }
  const ptrdiff_t stride = row_stride(shape_.n_quantiles);
  for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
    const auto i = static_cast<std::size_t>(chunk.begin + r);
    const float reward = returns_.rewards[i] + slice.bonus.get()[r];
    float* const row = slice.targets.get() + r * stride;
    for (ptrdiff_t j = 0; j < shape_.n_quantiles; ++j) {
      row[j] = reward + returns_.discounts[i] * row[j];
    }
  }
}

// The target network's quantiles of the action that it, or the online network, likes best.
void LargeBatchLearner::greedy_targets(Slice& slice, const Chunk& chunk, bool double_q) const {
  const HeadKernels& head = kernels_.head;
  write_inputs(slice.target, replay_.next_observations.data(), returns_.last, chunk);
  kernels_.mlp.forward(slice.target.mlp(), chunk.rows);
  if (double_q) {
    write_inputs(slice.online, replay_.next_observations.data(), returns_.last, chunk);
    kernels_.mlp.forward(slice.online.mlp(), chunk.rows);
    head.means(online_.head(), output_of(slice.online), chunk.rows, slice.q.get());
  } else {
    head.means(target_.head(), output_of(slice.target), chunk.rows, slice.q.get());
  }
  const ptrdiff_t n = shape_.n_actions, width = row_stride(shape_.hidden.back());
  const ptrdiff_t stride = row_stride(shape_.n_quantiles);
  for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
    slice.chosen[static_cast<std::size_t>(r)] = argmax(slice.q.get() + r * row_stride(n), n);
    slice.bonus.get()[r] = 0.0f;
  }
  // The rows of one action are multiplied together.
  for (std::int32_t a = 0; a < n; ++a) {
    ptrdiff_t rows = 0;
    for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
      if (slice.chosen[static_cast<std::size_t>(r)] != a) continue;
      std::copy_n(slice.target.output_row(r), width, slice.chosen_inputs.get() + rows * width);
      slice.order[static_cast<std::size_t>(rows++)] = static_cast<std::int32_t>(r);
    }
    if (rows == 0) continue;
    head.quantiles(target_.head(), a, slice.chosen_inputs.get(), rows, slice.others.get());
    for (ptrdiff_t i = 0; i < rows; ++i) {
      const ptrdiff_t to = slice.order[static_cast<std::size_t>(i)];
      std::copy_n(slice.others.get() + i * stride, stride, slice.targets.get() + to * stride);
    }
  }
}

// softmax(q / tau) and tau times its logarithm, for the rows of slice.q.
void LargeBatchLearner::soft_policy(Slice& slice, ptrdiff_t rows, double tau) const {
  const ptrdiff_t n = shape_.n_actions, stride = row_stride(n);
  const auto temperature = static_cast<float>(tau), inverse = 1.0f / temperature;
  float* const scaled = slice.log_policy.get();
  for (ptrdiff_t i = 0; i < rows * stride; ++i) scaled[i] = slice.q.get()[i] * inverse;
  kernels_.mlp.exponentials(scaled, rows, n, slice.policy.get(), slice.greatest.get());
  for (ptrdiff_t r = 0; r < rows; ++r) {
    float* const policy = slice.policy.get() + r * stride;
    float total = 0.0f;
    for (ptrdiff_t a = 0; a < n; ++a) total += policy[a];
    const float shift = slice.greatest.get()[r] + std::log(total);
    for (ptrdiff_t a = 0; a < n; ++a) {
      policy[a] /= total;
      scaled[r * stride + a] = temperature * (scaled[r * stride + a] - shift);
    }
  }
}

void LargeBatchLearner::munchausen_targets(Slice& slice, const Chunk& chunk,
                                           const Munchausen& munchausen) const {
  const HeadKernels& head = kernels_.head;
  const ptrdiff_t n = shape_.n_actions, stride = row_stride(n);
  // The bonus of the action taken, from the state it was taken in.
  write_inputs(slice.target, replay_.observations.data(), returns_.first, chunk);
  kernels_.mlp.forward(slice.target.mlp(), chunk.rows);
  head.means(target_.head(), output_of(slice.target), chunk.rows, slice.q.get());
  soft_policy(slice, chunk.rows, munchausen.tau);
  for_each_action(chunk, [&](ptrdiff_t action, ptrdiff_t first, ptrdiff_t rows) {
    for (ptrdiff_t r = first; r < first + rows; ++r) {
      const float log_policy = slice.log_policy.get()[r * stride + action];
      slice.bonus.get()[r] = static_cast<float>(munchausen.alpha) *
                             std::clamp(log_policy, static_cast<float>(munchausen.clip), 0.0f);
    }
  });
  // The expectation over the actions in the state that is bootstrapped from.
  write_inputs(slice.target, replay_.next_observations.data(), returns_.last, chunk);
  kernels_.mlp.forward(slice.target.mlp(), chunk.rows);
  head.means(target_.head(), output_of(slice.target), chunk.rows, slice.q.get());
  soft_policy(slice, chunk.rows, munchausen.tau);
  for (ptrdiff_t i = 0; i < chunk.rows * stride; ++i) slice.log_policy.get()[i] *= -1.0f;
  const ptrdiff_t quantiles = chunk.rows * row_stride(shape_.n_quantiles);
  std::fill_n(slice.targets.get(), quantiles, 0.0f);
  for (ptrdiff_t a = 0; a < n; ++a) {
    head.quantiles(target_.head(), a, output_of(slice.target), chunk.rows, slice.others.get());
    head.add_scaled(chunk.rows, shape_.n_quantiles, slice.policy.get() + a,
                    slice.log_policy.get() + a, stride, slice.others.get(), slice.targets.get());
  }
}

// Turns the current quantiles into the gradients of the loss, which is returned.
double LargeBatchLearner::loss(Slice& slice, const Chunk& chunk, const float* importance,
                               float* errors) const {
  const auto number = [&](ptrdiff_t r) {
    return returns_.drawn[static_cast<std::size_t>(chunk.begin + r)];
  };
  float* const weights = slice.bonus.get();  // no longer needed
  for (ptrdiff_t r = 0; importance && r < chunk.rows; ++r) weights[r] = importance[number(r)];
  const float scale = 1.0f / static_cast<float>(returns_.size() * shape_.n_quantiles);
  const double total = kernels_.head.quantile_huber(
      chunk.rows, shape_.n_quantiles, tau_.data(), slice.targets.get(), scale,
      importance ? weights : nullptr, slice.quantiles.get(), slice.errors.get());
  const auto n = static_cast<float>(shape_.n_quantiles);
  for (ptrdiff_t r = 0; errors && r < chunk.rows; ++r) {
    errors[number(r)] = slice.errors.get()[r] / n;
  }
  return total;
}

void LargeBatchLearner::slice_pass(int number, const LargeBatchSettings& settings,
                                   const float* importance, float* errors) {
  Slice& slice = slices_[static_cast<std::size_t>(number)];
  const HeadKernels& head = kernels_.head;
  const ptrdiff_t width = row_stride(shape_.hidden.back());
  const ptrdiff_t stride = row_stride(shape_.n_quantiles);
  std::fill_n(slice.head_weight.get(), online_.head().outputs() * width, 0.0f);
  std::fill_n(slice.head_bias.get(), online_.head().outputs(), 0.0f);
  slice.loss = 0.0;
  const ptrdiff_t size = returns_.size(), chunks = (size + kChunk - 1) / kChunk, n = slices();
  const ptrdiff_t first = chunks * number / n * kChunk;
  const ptrdiff_t end = std::min(chunks * (number + 1) / n * kChunk, size);
  for (ptrdiff_t begin = first; begin < end; begin += kChunk) {
    const Chunk chunk{begin, std::min(kChunk, end - begin)};
    targets(slice, chunk, settings);
    write_inputs(slice.online, replay_.observations.data(), returns_.first, chunk);
    kernels_.mlp.forward(slice.online.mlp(), chunk.rows);
    const auto quantiles = [&](ptrdiff_t row) { return slice.quantiles.get() + row * stride; };
    for_each_action(chunk, [&](ptrdiff_t action, ptrdiff_t row, ptrdiff_t rows) {
      head.quantiles(online_.head(), action, slice.online.output_row(row), rows, quantiles(row));
    });
    slice.loss += loss(slice, chunk, importance, errors);
    for_each_action(chunk, [&](ptrdiff_t action, ptrdiff_t row, ptrdiff_t rows) {
      head.gradients(online_.head(), action, slice.online.output_row(row), quantiles(row), rows,
                     slice.head_weight.get(), slice.head_bias.get());
      head.backward(online_.head(), action, quantiles(row), rows, slice.online.gradient_row(row));
    });
    kernels_.mlp.backward(slice.online.mlp(), chunk.rows, begin == first);
  }
}

// ---- sums and Adam, part by part: the hidden layers, and some rows each of the head
// ---------------

int LargeBatchLearner::parts() const { return static_cast<int>(shape_.hidden.size()) + kHeadParts; }

Mlp LargeBatchLearner::trunk_layer(MlpMemory& memory, int layer) const {
  Mlp view = memory.mlp();
  view.layers += layer;
  view.n_layers = 1;
  return view;
}

// Some rows of the head, with the gradients of a slice.
MlpLayer LargeBatchLearner::head_part(Slice& slice, int part) {
  const Head& head = online_.head();
  const ptrdiff_t rows = head.outputs(), inputs = head.inputs;
  // Whole cache lines of the biases, which are padded behind the last one only.
  const auto border = [&](int p) {
    return p == kHeadParts ? rows : rows * p / kHeadParts / nn::kPadding * nn::kPadding;
  };
  const ptrdiff_t first = border(part), count = border(part + 1) - first;
  MlpLayer view(inputs, count);
  const auto from = [](const nn::Parameter& whole, ptrdiff_t at, ptrdiff_t size) {
    nn::Parameter some = whole;
    some.size = size;
    if (some.value) some.value += at;
    if (some.mean) some.mean += at;
    if (some.square) some.square += at;
    return some;
  };
  view.weight = from(head.weight, first * inputs, count * inputs);
  view.bias = from(head.bias, first, count);
  view.weight_gradient = slice.head_weight.get() + first * row_stride(inputs);
  view.bias_gradient = slice.head_bias.get() + first;
  return view;
}

// Sums a part's gradients over the slices, in the first one's.
void LargeBatchLearner::sum_part(int part, int slices) {
  const int hidden = static_cast<int>(shape_.hidden.size());
  const auto of = [&](Slice& slice, MlpLayer& head) {
    if (part < hidden) return trunk_layer(slice.online, part);
    head = head_part(slice, part - hidden);
    Mlp view;
    view.n_layers = 1;
    view.layers = &head;
    return view;
  };
  MlpLayer to_head(0, 0), from_head(0, 0);
  const Mlp to = of(slices_[0], to_head);
  for (int s = 1; s < slices; ++s) {
    kernels_.mlp.add_gradients(to, of(slices_[static_cast<std::size_t>(s)], from_head));
  }
  const MlpLayer& layer = *to.layers;
  double squares = kernels_.mlp.sum_of_squares(layer.bias_gradient, layer.outputs);
  for (ptrdiff_t row = 0; row < layer.outputs; ++row) {
    squares += kernels_.mlp.sum_of_squares(layer.weight_gradient + row * row_stride(layer.inputs),
                                           layer.inputs);
  }
  if (layer.has_norm()) {
    squares += kernels_.mlp.sum_of_squares(layer.norm.gain_gradient, layer.outputs) +
               kernels_.mlp.sum_of_squares(layer.norm.bias_gradient, layer.outputs);
  }
  squares_[static_cast<std::size_t>(part)] = squares;
}

void LargeBatchLearner::update_part(int part, const nn::AdamSettings& adam, float scale) {
  const int hidden = static_cast<int>(shape_.hidden.size());
  if (part < hidden) {
    // The parameters are those of the network, the gradients those of the first slice.
    MlpLayer layer = online_.mlp().layers[part];
    const MlpLayer& gradients = slices_[0].online.mlp().layers[part];
    layer.weight_gradient = gradients.weight_gradient;
    layer.bias_gradient = gradients.bias_gradient;
    layer.norm.gain_gradient = gradients.norm.gain_gradient;
    layer.norm.bias_gradient = gradients.norm.bias_gradient;
    Mlp view;
    view.n_layers = 1;
    view.layers = &layer;
    kernels_.mlp.adam(view, adam, scale);
    return;
  }
  MlpLayer head = head_part(slices_[0], part - hidden);
  // Each part counts the update; the parameters' own count goes up once, afterwards.
  float* const steps = part_steps_.data() + 2 * (part - hidden);
  steps[0] = *head.weight.step;
  steps[1] = *head.bias.step;
  head.weight.step = steps;
  head.bias.step = steps + 1;
  Mlp view;
  view.n_layers = 1;
  view.layers = &head;
  kernels_.mlp.adam(view, adam, scale);
}

// ---- the whole
// -----------------------------------------------------------------------------------

double LargeBatchLearner::pass(const Drawn& drawn, const LargeBatchSettings& settings,
                               const float* importance, float* errors) {
  if (settings.n_step.n < 1) throw std::invalid_argument("n_steps must be at least 1");
  returns_.compute(replay_, drawn, shape_.n_actions, settings.n_step);
  refresh();
  const int n = slices();
  pool_.run(n, [&](int slice) { slice_pass(slice, settings, importance, errors); });
  pool_.run(parts(), [&](int part) { sum_part(part, n); });
  double loss = 0.0;
  for (int s = 0; s < n; ++s) loss += slices_[static_cast<std::size_t>(s)].loss;
  return loss / static_cast<double>(returns_.size() * shape_.n_quantiles);
}

double LargeBatchLearner::update(const Drawn& drawn, const LargeBatchSettings& settings,
                                 const float* importance, float* errors) {
  const std::lock_guard lock(mutex_);
  require_ready(true);
  const support::FlushDenormals flush;
  const double loss = pass(drawn, settings, importance, errors);
  float scale = 1.0f;
  if (settings.max_grad_norm) {
    double squares = 0.0;
    for (const double part : squares_) squares += part;
    // As torch.nn.utils.clip_grad_norm_, in float32; a NaN stays one.
    const float wanted = static_cast<float>(*settings.max_grad_norm) /
                         (static_cast<float>(std::sqrt(squares)) + 1e-6f);
    scale = wanted >= 1.0f ? 1.0f : wanted;
  }
  pool_.run(parts(), [&](int part) { update_part(part, settings.adam, scale); });
  *online_.head().weight.step += 1.0f;
  *online_.head().bias.step += 1.0f;
  online_mark_.reset();
  refresh();
  return loss;
}

double LargeBatchLearner::gradients(const Drawn& drawn, const LargeBatchSettings& settings,
                                    const nn::Tensors& out) {
  const std::lock_guard lock(mutex_);
  require_ready(false);
  const support::FlushDenormals flush;
  const double loss = pass(drawn, settings, nullptr, nullptr);
  auto next = out.begin();
  const auto copy = [&](const MlpLayer& layer) {
    float* const weights = *next++;
    for (ptrdiff_t row = 0; row < layer.outputs; ++row) {
      std::copy_n(layer.weight_gradient + row * row_stride(layer.inputs), layer.inputs,
                  weights + row * layer.inputs);
    }
    std::copy_n(layer.bias_gradient, layer.outputs, *next++);
    if (!layer.has_norm()) return;
    std::copy_n(layer.norm.gain_gradient, layer.outputs, *next++);
    std::copy_n(layer.norm.bias_gradient, layer.outputs, *next++);
  };
  const Mlp& trunk = slices_[0].online.mlp();
  for (int l = 0; l < trunk.n_layers; ++l) copy(trunk.layers[l]);
  MlpLayer head(online_.head().inputs, online_.head().outputs());
  head.weight_gradient = slices_[0].head_weight.get();
  head.bias_gradient = slices_[0].head_bias.get();
  copy(head);
  return loss;
}

// ---- the actor
// -----------------------------------------------------------------------------------

ValueActor::ValueActor(const ValueShape& shape, const std::string& instruction_set)
    : shape_(shape),
      kernels_(choose_kernels(instruction_set)),
      network_(shape),
      q_(kChunk * row_stride(shape.n_actions)) {}

void ValueActor::bind(const nn::Tensors& values) {
  const std::lock_guard lock(mutex_);
  network_.bind(values);
  fresh_ = false;
}

void ValueActor::refresh() {
  const std::lock_guard lock(mutex_);
  if (!network_.is_bound()) throw std::logic_error("bind the parameters first");
  kernels_.mlp.refresh(network_.mlp());
  kernels_.head.refresh(network_.head());
  fresh_ = true;
}

void ValueActor::act(const float* observations, ptrdiff_t rows, std::int64_t* actions) {
  if (!fresh_) refresh();
  const std::lock_guard lock(mutex_);
  const support::FlushDenormals flush;
  const ptrdiff_t width = shape_.observation_size, n = shape_.n_actions;
  for (ptrdiff_t begin = 0; begin < rows; begin += kChunk) {
    const ptrdiff_t count = std::min(kChunk, rows - begin);
    for (ptrdiff_t r = 0; r < count; ++r) {
      shape_.features.write(observations + (begin + r) * width, width,
                            network_.trunk().input_row(r));
    }
    kernels_.mlp.forward(network_.mlp(), count);
    kernels_.head.means(network_.head(), output_of(network_.trunk()), count, q_.get());
    for (ptrdiff_t r = 0; r < count; ++r) {
      actions[begin + r] = argmax(q_.get() + r * row_stride(n), n);
    }
  }
}

}  // namespace qwop::learner
