// Adam (and AdamW) as torch.optim has them, a vector at a time.
#pragma once

#include "nn/linear.hpp"
#include "nn/simd.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

// The constants of one update of one parameter; weight decay costs nothing where there is none.
template <bool kDecay>
class Adam {
 public:
  // Counts the update in the parameter's step.
  Adam(const AdamSettings& settings, const Parameter& parameter) {
    const double step = *parameter.step += 1.0f;
    const double correction1 = 1.0 - __builtin_pow(settings.beta1, step);
    const double correction2 = 1.0 - __builtin_pow(settings.beta2, step);
    one_minus_beta1_ = splat(static_cast<float>(1.0 - settings.beta1));
    beta2_ = splat(static_cast<float>(settings.beta2));
    one_minus_beta2_ = splat(static_cast<float>(1.0 - settings.beta2));
    minus_step_size_ = splat(static_cast<float>(-settings.learning_rate / correction1));
    root_scale_ = splat(static_cast<float>(1.0 / __builtin_sqrt(correction2)));
    epsilon_ = splat(static_cast<float>(settings.epsilon));
    const bool decoupled = settings.decoupled_weight_decay;
    decay_ = splat(static_cast<float>(decoupled ? 0.0 : settings.weight_decay));
    keep_ = splat(
        static_cast<float>(decoupled ? 1.0 - settings.learning_rate * settings.weight_decay : 1.0));
  }

  // New value; mean and square are replaced.
  QWOP_ALWAYS_INLINE F operator()(F value, F gradient, F& mean, F& square) const {
    if constexpr (kDecay) {
      gradient = fma(decay_, value, gradient);
      value *= keep_;
    }
    mean = fma(one_minus_beta1_, gradient - mean, mean);
    square = fma(one_minus_beta2_ * gradient, gradient, square * beta2_);
    return fma(minus_step_size_, divide(mean, fma(sqrt(square), root_scale_, epsilon_)), value);
  }

 private:
  F one_minus_beta1_, beta2_, one_minus_beta2_, minus_step_size_, root_scale_, epsilon_, decay_,
      keep_;
};

// Calls f with the constants of one update of a parameter.
template <class Function>
QWOP_ALWAYS_INLINE void with_adam(const AdamSettings& settings, const Parameter& parameter,
                                  const Function& f) {
  if (settings.weight_decay == 0.0) return f(Adam<false>(settings, parameter));
  f(Adam<true>(settings, parameter));
}

// Adam on a whole parameter with the gradient scale * gradient.
template <bool kDecay>
inline void adam_update(const Adam<kDecay>& adam, const Parameter& p, const float* gradient,
                        float scale) {
  const auto vector = [&](ptrdiff_t i, ptrdiff_t n) {
    F mean = load_first(p.mean + i, n), square = load_first(p.square + i, n);
    const F g = load_first(gradient + i, n) * splat(scale);
    store_first(p.value + i, adam(load_first(p.value + i, n), g, mean, square), n);
    store_first(p.mean + i, mean, n);
    store_first(p.square + i, square, n);
  };
  ptrdiff_t i = 0;
  for (; i + kLanes <= p.size; i += kLanes) vector(i, kLanes);
  if (i < p.size) vector(i, p.size - i);
}

// What becomes of a weight's gradient: a place to store it, or an update at once.
struct StoreGradient {
  Parameter parameter;

  QWOP_ALWAYS_INLINE F operator()(ptrdiff_t at, F gradient, ptrdiff_t n) const {
    store_first(parameter.gradient + at, gradient, n);
    return F{};
  }
};
template <class Rule>
struct UpdateWeight {
  Parameter parameter;
  Rule adam;

  // Returns the new weights.
  QWOP_ALWAYS_INLINE F operator()(ptrdiff_t at, F gradient, ptrdiff_t n) const {
    const Parameter& p = parameter;
    F mean = load_first(p.mean + at, n), square = load_first(p.square + at, n);
    const F value = adam(load_first(p.value + at, n), gradient, mean, square);
    store_first(p.value + at, value, n);
    store_first(p.mean + at, mean, n);
    store_first(p.square + at, square, n);
    return value;
  }
};

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
