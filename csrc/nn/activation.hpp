// Activations and their derivatives, a vector at a time.
#pragma once

#include "nn/linear.hpp"
#include "nn/simd.hpp"

namespace qwop::nn::QWOP_ISA_NAMESPACE {

struct Identity {
  QWOP_ALWAYS_INLINE F operator()(F x) const { return x; }
};

struct Relu {
  // This order keeps a NaN.
  QWOP_ALWAYS_INLINE F operator()(F x) const { return max(F{}, x); }
  // Derivative, from the result, times the gradient for the result.
  QWOP_ALWAYS_INLINE static F backward(F result, F gradient) {
    return select(result <= F{}, F{}, gradient);
  }
};

// exp(x) for x <= 0: 2^n e^r with |r| <= ln 2 / 2, and Cephes's polynomial for e^r.
QWOP_ALWAYS_INLINE F exp_of_negative(F x) {
  x = max(splat(-87.0f), x);             // where exp is still a normal number
  const F shifter = splat(12582912.0f);  // 1.5 * 2^23 rounds to whole numbers
  const F shifted = fma(x, splat(1.44269504f), shifter);
  const F n = shifted - shifter;
  F r = fnma(n, splat(0.693359375f), x);
  r = fnma(n, splat(-2.12194440e-4f), r);
  F p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r + splat(1.0f));
  return (F)((I)p + ((I)shifted << 23));
}

struct Tanh {
  QWOP_ALWAYS_INLINE F operator()(F x) const {
    const I sign = (I)x & splat(INT32_MIN);
    const F size = (F)((I)x & splat(INT32_MAX));
    const F e = exp_of_negative(size * splat(-2.0f));
    const F large = divide(splat(1.0f) - e, splat(1.0f) + e);
    // Cephes's polynomial where that difference would cancel.
    const F square = x * x;
    F p = splat(-5.70498872745e-3f);
    p = fma(p, square, splat(2.06390887954e-2f));
    p = fma(p, square, splat(-5.37397155531e-2f));
    p = fma(p, square, splat(1.33314422036e-1f));
    p = fma(p, square, splat(-3.33332819422e-1f));
    const F small = fma(p * square, x, x);
    return select(size < splat(0.625f), small, (F)((I)large | sign));
  }
  QWOP_ALWAYS_INLINE static F backward(F result, F gradient) {
    return gradient * fnma(result, result, splat(1.0f));
  }
};

// Calls f with the activation's functions.
template <class Function>
QWOP_ALWAYS_INLINE void with_activation(Activation activation, const Function& f) {
  if (activation == Activation::kRelu) return f(Relu{});
  f(Tanh{});
}

}  // namespace qwop::nn::QWOP_ISA_NAMESPACE
