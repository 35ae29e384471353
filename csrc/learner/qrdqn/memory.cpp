#include "learner/qrdqn/memory.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace qwop::learner {
namespace {

constexpr ptrdiff_t kMaxLanes = nn::kPadding;

}  // namespace

std::vector<nn::Linear> Architecture::layers() const {
  if (widths.empty() || std::ranges::min(widths) < 1 || n_actions < 1 || n_quantiles < 1) {
    throw std::invalid_argument("every width and number of actions or quantiles must be 1 or more");
  }
  std::vector<nn::Linear> layers;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) layers.emplace_back(widths[l], widths[l + 1]);
  layers.emplace_back(widths.back(), n_actions * n_quantiles);
  return layers;
}

nn::PackedLinear DerivedMemory::packed(ptrdiff_t outputs, ptrdiff_t inputs) {
  return {floats_.emplace_back(padded(outputs) * inputs).get(),
          floats_.emplace_back(padded(outputs)).get()};
}

DerivedMemory::DerivedMemory(const Architecture& architecture, bool with_head) {
  const auto& widths = architecture.widths;
  const ptrdiff_t last = widths.back(), actions = architecture.n_actions;
  for (std::size_t l = 0; l + 1 < widths.size(); ++l) {
    hidden_.push_back(packed(widths[l + 1], widths[l]));
  }
  for (ptrdiff_t a = 0; with_head && a < actions; ++a) {
    head_.push_back(packed(architecture.n_quantiles, last));
  }
  derived_.q_rows = floats_.emplace_back(actions * padded(last)).get();
  derived_.q = packed(actions, last);
}

Derived DerivedMemory::view() {
  derived_.hidden = hidden_.data();
  derived_.head = head_.empty() ? nullptr : head_.data();
  return derived_;
}

ptrdiff_t BatchMemory::widest_layer() const {
  return std::max(std::ranges::max(architecture_.widths),
                  architecture_.n_actions * architecture_.n_quantiles);
}

void BatchMemory::reserve(ptrdiff_t batch, ptrdiff_t rows, Job& job) {
  if (batch <= batch_ && rows <= rows_) return;
  batch_ = std::max({batch, batch_, ptrdiff_t{1}});
  rows_ = std::max({batch_, rows, rows_});
  floats_.clear();
  doubles_.clear();
  ints_.clear();
  const ptrdiff_t size = padded(batch_), actions = architecture_.n_actions;
  job.batch.first = ints(actions + 1);
  job.batch.rewards = floats(size);
  job.batch.discounts = floats(size);
  job.pass = pass();
  job.greedy = {floats(padded(rows_) * padded(actions)), ints(size), ints(actions + 1)};
  job.head_scratch = head();
  job.loss = loss();
}

PassView BatchMemory::pass() {
  inputs_.clear();
  target_inputs_.clear();
  gradients_.clear();
  for (const ptrdiff_t width : architecture_.widths) {
    inputs_.push_back(floats(padded(rows_) * padded(width)));
    target_inputs_.push_back(floats(padded(batch_) * padded(width)));
    gradients_.push_back(floats(padded(batch_) * padded(width)));
  }
  return {inputs_.data(), target_inputs_.data(), gradients_.data()};
}

HeadView BatchMemory::head() {
  constexpr ptrdiff_t kMaxPanel = 4;  // vectors
  const ptrdiff_t row = padded(architecture_.n_quantiles), widest = padded(widest_layer());
  HeadView head;
  head.current = floats(padded(batch_) * row);
  head.targets = floats(padded(batch_) * row);
  head.panel = floats(architecture_.widths.back() * kMaxPanel * kMaxLanes);
  head.bias = floats(row);
  head.bias_gradient = floats(widest);
  head.unused = floats(widest);
  return head;
}

LossView BatchMemory::loss() {
  const ptrdiff_t n = architecture_.n_quantiles, row = padded(n);
  LossView loss;
  loss.lanes = floats((n + 2 * kMaxLanes) * kMaxLanes);
  loss.sorted = floats(kMaxLanes * 4 * std::max<ptrdiff_t>(n, kMaxLanes));
  loss.values = doubles(row + kMaxLanes);
  loss.squares = doubles(row + kMaxLanes);
  loss.counts = ints(3 * row);
  loss.tau = doubles(row);
  loss.rest = doubles(row);
  for (ptrdiff_t i = 0; i < n; ++i) {
    // In float32, as sb3-contrib computes them.
    const float tau = (static_cast<float>(i) + 0.5f) / static_cast<float>(n);
    loss.tau[i] = tau;
    loss.rest[i] = std::abs(tau - 1.0f);
  }
  return loss;
}

}  // namespace qwop::learner
