// QR-DQN's update, compiled once for each instruction set.
#pragma once

#include "learner/qrdqn/greedy_target.hpp"
#include "learner/qrdqn/head.hpp"
#include "nn/adam.hpp"

namespace qwop::learner::QWOP_ISA_NAMESPACE {
namespace {

void refresh_hidden(const nn::Linear* layers, int last, const Derived& derived) {
  for (int l = 0; l <= last; ++l) pack_layer(layers[l], derived.hidden[l]);
}

void refresh_online(Job& job) {
  refresh_hidden(job.layers, job.last_hidden(), job.online);
  sum_head(job, job.head(), job.online);
  pack_q(job, job.online);
}

void refresh_target(Job& job) {
  const nn::Linear& head = job.target_layers[job.n_layers - 1];
  refresh_hidden(job.target_layers, job.last_hidden(), job.target);
  sum_head(job, head, job.target);
  pack_q(job, job.target);
  for (ptrdiff_t a = 0; a < job.n_actions; ++a) {
    const nn::PackedLinear& packed = job.target.head[a];
    pack(head.weight.value + a * head.inputs, job.n_actions * head.inputs, job.n_quantiles,
         head.inputs, packed.weight);
    take_strided(head.bias.value + a, job.n_actions, job.n_quantiles, packed.bias);
  }
}

void act(Job& job, ptrdiff_t rows, std::int64_t* actions) {
  forward_hidden(job, job.online, job.pass.inputs, rows);
  q_values(job, job.online, job.pass.inputs, rows);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    actions[r] = argmax(job.greedy.q + r * padded(job.n_actions), job.n_actions);
  }
}

// Gradients of one parameter's elements, to be stored or to be used for an update at once.
void use_bias_gradient(const nn::Parameter& bias, const float* gradient, const AdamSettings* adam) {
  if (adam) {
    with_adam(*adam, bias, [&](auto rule) { adam_update(rule, bias, gradient, 1.0f); });
  } else {
    __builtin_memcpy(bias.gradient, gradient, static_cast<std::size_t>(bias.size) * sizeof(float));
  }
}

// The hidden layers' gradients, from the gradient for the head's input down.
void backward_hidden(Job& job, const AdamSettings* adam) {
  const PassView& s = job.pass;
  for (int l = job.last_hidden(); l >= 0; --l) {
    const nn::Linear& layer = job.layers[l];
    const ptrdiff_t stride = padded(layer.outputs);
    float* const dy = s.gradients[l + 1];
    with_activation(job.activation, [&](auto activation) {
      for (ptrdiff_t i = 0; i < job.batch.size * stride; i += kLanes) {
        store(dy + i, activation.backward(load(s.inputs[l + 1] + i), load(dy + i)));
      }
    });
    if (l > 0) {
      backward(Rows{dy, stride}, 0, job.batch.size, layer.outputs, layer.weight.value, layer.inputs,
               layer.inputs, true, Rows{s.gradients[l], padded(layer.inputs)});
    }
    const HeadView& scratch = job.head_scratch;
    const auto weights = [&](const auto& use) {
      weight_gradient(dy, stride, layer.outputs, s.inputs[l], layer.inputs, job.batch.size, 1, 0,
                      use, scratch.unused);
    };
    if (adam) {
      with_adam(*adam, layer.weight,
                [&](auto rule) { weights(UpdateWeight<decltype(rule)>{layer.weight, rule}); });
    } else {
      weights(StoreGradient{layer.weight});
    }
    column_sums(dy, job.batch.size, layer.outputs, scratch.bias_gradient);
    use_bias_gradient(layer.bias, scratch.bias_gradient, adam);
  }
}

// Loss and gradients; the gradients are used for an update at once where `adam` is given.
double target_and_loss(Job& job, const AdamSettings* adam) {
  greedy_target(job);
  job.timing.end_of(kTarget);
  forward_hidden(job, job.online, job.pass.inputs, job.batch.size);
  const nn::Linear& head = job.head();
  const HeadView& s = job.head_scratch;
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
  job.timing.end_of(kBackward);
  return job.loss_scale * loss / static_cast<double>(job.batch.size * job.n_quantiles);
}

double update(Job& job, const AdamSettings& adam) {
  const double loss = target_and_loss(job, &adam);
  // The sums over the head's new rows were taken on the way.
  refresh_hidden(job.layers, job.last_hidden(), job.online);
  sum_head_bias(job, job.head().bias.value, job.online);
  pack_q(job, job.online);
  job.timing.end_of(kRefresh);
  return loss;
}

double gradients(Job& job) { return target_and_loss(job, nullptr); }

void apply(Job& job, const AdamSettings& settings, float scale) {
  for (int l = 0; l < job.n_layers; ++l) {
    for (const nn::Parameter& p : {job.layers[l].weight, job.layers[l].bias}) {
      with_adam(settings, p, [&](auto rule) { adam_update(rule, p, p.gradient, scale); });
    }
  }
  refresh_online(job);
  job.timing.end_of(kWeights);
}

constexpr QrdqnKernels kQrdqnKernels{refresh_online, refresh_target, update, gradients, apply, act};

}  // namespace
}  // namespace qwop::learner::QWOP_ISA_NAMESPACE
