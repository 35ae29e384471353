#include "learner/large_batch/learner.hpp"

#include <algorithm>
#include <cmath>
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

}  // namespace

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

// ---- one slice ----------------------------------------------------------------------------------

int LargeBatchLearner::slices() const {
  return static_cast<int>(std::min<ptrdiff_t>((returns_.size() + kChunk - 1) / kChunk, kSlices));
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
  const Batch all = batch();
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
    compute_targets(all, slice, chunk, settings);
    all.write_inputs(slice.online, replay_.observations.data(), returns_.first, chunk);
    kernels_.mlp.forward(slice.online.mlp(), chunk.rows);
    const auto quantiles = [&](ptrdiff_t row) { return slice.quantiles.get() + row * stride; };
    all.for_each_action(chunk, [&](ptrdiff_t action, ptrdiff_t row, ptrdiff_t rows) {
      head.quantiles(online_.head(), action, slice.online.output_row(row), rows, quantiles(row));
    });
    slice.loss += loss(slice, chunk, importance, errors);
    all.for_each_action(chunk, [&](ptrdiff_t action, ptrdiff_t row, ptrdiff_t rows) {
      head.gradients(online_.head(), action, slice.online.output_row(row), quantiles(row), rows,
                     slice.head_weight.get(), slice.head_bias.get());
      head.backward(online_.head(), action, quantiles(row), rows, slice.online.gradient_row(row));
    });
    kernels_.mlp.backward(slice.online.mlp(), chunk.rows, begin == first);
  }
}

// ---- sums and Adam, part by part: the hidden layers, and some rows each of the head -------------

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

// ---- the whole ----------------------------------------------------------------------------------

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

}  // namespace qwop::learner
