// The learner's kernels, compiled once for each instruction set: kernels_*.cpp name a namespace and
// include this.
#pragma once

#include "learner/mlp_kernels.hpp"
#include "learner/network.hpp"
#include "learner/quantile_loss.hpp"

namespace qwop::learner::QWOP_LEARNER_ISA {
namespace {

void refresh_hidden(const Job& job, bool target, const Derived& derived) {
  for (int l = 0; l <= job.last_hidden(); ++l) pack_layer(job.layers[l], target, derived.hidden[l]);
}

void refresh_online(Job& job) {
  refresh_hidden(job, false, job.online);
  sum_head(job, job.head().weight.value, job.head().bias.value, job.online);
  pack_q(job, job.online);
}

void refresh_target(Job& job) {
  const Layer& head = job.head();
  refresh_hidden(job, true, job.target);
  sum_head(job, head.target_weight, head.target_bias, job.target);
  pack_q(job, job.target);
  for (ptrdiff_t a = 0; a < job.n_actions; ++a) {
    const PackedLayer& packed = job.target.head[a];
    pack(head.target_weight + a * head.inputs, job.n_actions * head.inputs, job.n_quantiles,
         head.inputs, packed.weight);
    take_strided(head.target_bias + a, job.n_actions, job.n_quantiles, packed.bias);
  }
}

void act(Job& job, ptrdiff_t rows, std::int64_t* actions) {
  forward_hidden(job, job.online, job.scratch.inputs, rows);
  q_values(job, job.online, job.scratch.inputs, rows);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    actions[r] = argmax(job.scratch.q + r * padded(job.n_actions), job.n_actions);
  }
}

// Quantiles of the greedy next action of each transition, in scratch.targets.
void next_quantiles(const Job& job) {
  const Scratch& s = job.scratch;
  forward_hidden(job, job.target, s.target_inputs, job.batch);
  q_values(job, job.target, s.target_inputs, job.batch);
  // Sorted by greedy action, so that the rows of one action are multiplied together.
  for (ptrdiff_t a = 0; a <= job.n_actions; ++a) s.greedy_first[a] = 0;
  const auto greedy = [&](ptrdiff_t b) {
    return argmax(s.q + b * padded(job.n_actions), job.n_actions);
  };
  for (ptrdiff_t b = 0; b < job.batch; ++b) ++s.greedy_first[greedy(b)];
  std::int32_t begin = 0;
  for (ptrdiff_t a = 0; a <= job.n_actions; ++a) {
    const std::int32_t count = s.greedy_first[a];
    s.greedy_first[a] = begin;
    begin += count;
  }
  for (ptrdiff_t b = 0; b < job.batch; ++b) {
    s.greedy[s.greedy_first[greedy(b)]++] = static_cast<std::int32_t>(b);
  }
  // Each action's begin has moved to its end.
  const ptrdiff_t depth = job.head().inputs;
  const Rows x{s.target_inputs[job.n_layers - 1], padded(depth), s.greedy};
  const Rows y{s.targets, padded(job.n_quantiles), s.greedy};
  for (ptrdiff_t a = 0; a < job.n_actions; ++a) {
    const ptrdiff_t first = a > 0 ? s.greedy_first[a - 1] : 0;
    forward(x, first, s.greedy_first[a], depth, job.target.head[a].weight, job.target.head[a].bias,
            job.n_quantiles, y, Identity{});
  }
}

// Quantiles of one action for its transitions. The head's weights change with every update, so they
// are packed here, a panel at a time, while they are in the first-level cache.
void current_quantiles(const Job& job, ptrdiff_t action) {
  const Scratch& s = job.scratch;
  const Layer& head = job.head();
  const ptrdiff_t begin = s.first[action], end = s.first[action + 1];
  const Rows x{s.inputs[job.n_layers - 1], padded(head.inputs)};
  const Rows y{s.current, padded(job.n_quantiles)};
  take_strided(head.bias.value + action, job.n_actions, job.n_quantiles, s.head_bias);
  const Panels panels(job.n_quantiles);
  for (ptrdiff_t p = 0; p < panels.count; ++p) {
    const ptrdiff_t first = panels.begin(p) * kLanes;
    pack_panel(head.weight.value + (first * job.n_actions + action) * head.inputs,
               job.n_actions * head.inputs, job.n_quantiles - first, head.inputs, panels.size(p),
               s.panel);
    forward_panel(x, begin, end, head.inputs, s.panel, panels.size(p), s.head_bias, y, first,
                  Identity{});
  }
}

// Turns the current quantiles of transitions begin to end into gradients; returns their loss.
double quantile_losses(const Job& job, ptrdiff_t begin, ptrdiff_t end, F& flaw) {
  const Scratch& s = job.scratch;
  const ptrdiff_t n = job.n_quantiles, stride = padded(n), size = sorted_size(n);
  const float scale = static_cast<float>(job.loss_scale) / static_cast<float>(job.batch * n);
  double loss = 0.0;
  for (ptrdiff_t b = begin; b < end; ++b) {
    const ptrdiff_t lane = b % kLanes;
    if (lane == 0) {
      flaw = sort_targets(s.targets + b * stride, stride, n, s.rewards + b, s.discounts + b,
                          s.lanes, s.sorted);
    }
    float* row = s.current + b * stride;
    if (flaw[lane] == 0.0f && all_finite(row, n)) {
      loss += quantile_loss_row(row, s.sorted + lane * size, n, s.tau, s.rest, scale,
                                {s.values, s.squares, s.counts});
    } else {  // a diverged network: the sums over pairs are NaN
      for (ptrdiff_t i = 0; i < stride; ++i) row[i] = __builtin_nanf("");
      loss = __builtin_nan("");
    }
  }
  return loss;
}

// Gradients of one parameter's elements, to be stored or to be used for an update at once.
void use_bias_gradient(const Parameter& bias, const float* gradient, const AdamSettings* adam) {
  if (adam) {
    with_adam(*adam, bias, [&](auto rule) { adam_update(rule, bias, gradient, 1.0f); });
  } else {
    __builtin_memcpy(bias.gradient, gradient, static_cast<std::size_t>(bias.size) * sizeof(float));
  }
}

constexpr ptrdiff_t kCachedFloats = 4096;  // a third of a first-level cache, next to Adam's state
ptrdiff_t min_of(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }
ptrdiff_t max_of(ptrdiff_t a, ptrdiff_t b) { return a < b ? b : a; }

// One action's part of the head: quantiles, loss, gradients; `use` takes the weights' gradients.
template <class Use>
double head_of_action(Job& job, ptrdiff_t action, F& flaw, const Use& use, float* totals) {
  const Scratch& s = job.scratch;
  const Layer& head = job.head();
  const ptrdiff_t begin = s.first[action], count = s.first[action + 1] - begin;
  const ptrdiff_t n = job.n_quantiles, depth = head.inputs;
  double loss = 0.0;
  if (count > 0) {
    current_quantiles(job, action);
    job.end_of(kForward);
    loss = quantile_losses(job, begin, begin + count, flaw);
    job.end_of(kLoss);
  }
  float* const gradient = s.current + begin * padded(n);
  for (ptrdiff_t k = 0; k < padded(depth); k += kLanes) store(totals + k, F{});
  // As many rows of the weight at a time as stay in the first-level cache between their two uses.
  const ptrdiff_t chunk = max_of(kTileRows, kCachedFloats / depth / kTileRows * kTileRows);
  for (ptrdiff_t q = 0; q < n; q += chunk) {
    const ptrdiff_t rows = min_of(chunk, n - q);
    if (job.n_layers > 1 && count > 0) {
      backward(Rows{s.current + q, padded(n)}, begin, begin + count, rows,
               head.weight.value + (q * job.n_actions + action) * depth, job.n_actions * depth,
               depth, q == 0, Rows{s.gradients[job.n_layers - 1], padded(depth)});
      job.end_of(kBackward);
    }
    weight_gradient(gradient + q, padded(n), rows,
                    s.inputs[job.n_layers - 1] + begin * padded(depth), depth, count, job.n_actions,
                    q * job.n_actions + action, use, totals);
    job.end_of(kWeights);
  }
  column_sums(gradient, count, n, s.head_bias);
  put_strided(s.head_bias, n, s.bias_gradient + action, job.n_actions);
  job.end_of(kWeights);
  return loss;
}

// The hidden layers' gradients, from the gradient for the head's input down.
void backward_hidden(Job& job, const AdamSettings* adam) {
  const Scratch& s = job.scratch;
  for (int l = job.last_hidden(); l >= 0; --l) {
    const Layer& layer = job.layers[l];
    const ptrdiff_t stride = padded(layer.outputs);
    float* const dy = s.gradients[l + 1];
    with_activation(job.activation, [&](auto activation) {
      for (ptrdiff_t i = 0; i < job.batch * stride; i += kLanes) {
        store(dy + i, activation.backward(load(s.inputs[l + 1] + i), load(dy + i)));
      }
    });
    if (l > 0) {
      backward(Rows{dy, stride}, 0, job.batch, layer.outputs, layer.weight.value, layer.inputs,
               layer.inputs, true, Rows{s.gradients[l], padded(layer.inputs)});
    }
    const auto weights = [&](const auto& use) {
      weight_gradient(dy, stride, layer.outputs, s.inputs[l], layer.inputs, job.batch, 1, 0, use,
                      s.unused);
    };
    if (adam) {
      with_adam(*adam, layer.weight,
                [&](auto rule) { weights(UpdateWeight<decltype(rule)>{layer.weight, rule}); });
    } else {
      weights(StoreGradient{layer.weight});
    }
    column_sums(dy, job.batch, layer.outputs, s.bias_gradient);
    use_bias_gradient(layer.bias, s.bias_gradient, adam);
  }
}

// Loss and gradients; the gradients are used for an update at once where `adam` is given.
double pass(Job& job, const AdamSettings* adam) {
  next_quantiles(job);
  job.end_of(kTarget);
  forward_hidden(job, job.online, job.scratch.inputs, job.batch);
  const Layer& head = job.head();
  const Scratch& s = job.scratch;
  double loss = 0.0;
  F flaw{};
  const auto all_actions = [&](const auto& use) {
    for (ptrdiff_t a = 0; a < job.n_actions; ++a) {
      float* totals = adam ? job.online.q_rows + a * padded(head.inputs) : s.unused;
      loss += head_of_action(job, a, flaw, use, totals);
    }
  };
  if (adam) {
    with_adam(*adam, head.weight,
              [&](auto rule) { all_actions(UpdateWeight<decltype(rule)>{head.weight, rule}); });
  } else {
    all_actions(StoreGradient{head.weight});
  }
  use_bias_gradient(head.bias, s.bias_gradient, adam);
  backward_hidden(job, adam);
  job.end_of(kBackward);
  return job.loss_scale * loss / static_cast<double>(job.batch * job.n_quantiles);
}

double update(Job& job, const AdamSettings& adam) {
  const double loss = pass(job, &adam);
  // The sums over the head's new rows were taken on the way.
  refresh_hidden(job, false, job.online);
  sum_head_bias(job, job.head().bias.value, job.online);
  pack_q(job, job.online);
  job.end_of(kRefresh);
  return loss;
}

double gradients(Job& job) { return pass(job, nullptr); }

void apply(Job& job, const AdamSettings& settings, float scale) {
  for (int l = 0; l < job.n_layers; ++l) {
    for (const Parameter& p : {job.layers[l].weight, job.layers[l].bias}) {
      with_adam(settings, p, [&](auto rule) { adam_update(rule, p, p.gradient, scale); });
    }
  }
  refresh_online(job);
  job.end_of(kWeights);
}

}  // namespace

const Kernels& kernels() {
  static constexpr Kernels table{"",
                                 refresh_online,
                                 refresh_target,
                                 update,
                                 gradients,
                                 apply,
                                 act,
                                 mlp_refresh,
                                 mlp_forward,
                                 mlp_backward,
                                 mlp_add_gradients,
                                 mlp_adam,
                                 sum_of_squares,
                                 exponentials};
  return table;
}

}  // namespace qwop::learner::QWOP_LEARNER_ISA
