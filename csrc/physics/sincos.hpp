// Sine and cosine of our own, in the three flavours browsers have, equal to theirs bit for bit on
// every CPU and in every compiler that does not contract (-ffp-contract=off) or reassociate.
//
// Domain: |x| < 105414336 (glibc flavours), |x| < 823551 (fdlibm); NaN outside it. The game stays
// far inside: a body turns by at most pi/2 a frame.
#pragma once

#include "physics/sincos_fdlibm.hpp"
#include "physics/sincos_flavour.hpp"
#include "physics/sincos_glibc.hpp"

namespace qwop {
inline namespace QWOP_ISA_NAMESPACE {

template <SinCosFlavour kFlavour, class F>
QWOP_ALWAYS_INLINE SinCos<F> sincos(F x) {
  constexpr bool kScalar = lanes::kWidth<F> == 1;
  constexpr bool kFused = kFlavour == SinCosFlavour::GlibcFma;
  if constexpr (kFlavour == SinCosFlavour::Fdlibm) {
    if constexpr (kScalar)
      return sincos_detail::sincos_fdlibm_scalar(x);
    else
      return sincos_detail::sincos_fdlibm_lanes(x);
  } else {
    if constexpr (!kScalar)
      return sincos_detail::sincos_glibc_lanes<kFused>(x);
    else if constexpr (kFused)
      return sincos_detail::sincos_glibc_fma(x);
    else
      return sincos_detail::sincos_glibc_scalar<false>(x);
  }
}

// The same with the flavour chosen at run time.
inline SinCos<double> sincos(SinCosFlavour flavour, double x) {
  switch (flavour) {
    case SinCosFlavour::Glibc:
      return sincos<SinCosFlavour::Glibc>(x);
    case SinCosFlavour::GlibcFma:
      return sincos<SinCosFlavour::GlibcFma>(x);
    case SinCosFlavour::Fdlibm:
      return sincos<SinCosFlavour::Fdlibm>(x);
  }
  __builtin_unreachable();
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop
