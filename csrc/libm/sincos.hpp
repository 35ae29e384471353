// Sine and cosine of our own, in the three flavors browsers have, equal to theirs bit for bit on
// every CPU and in every compiler that does not contract (-ffp-contract=off) or reassociate.
//
// Domain: |x| < 105414336 (glibc flavors), |x| < 823551 (fdlibm); NaN outside it. The game stays
// far inside: a body turns by at most pi/2 a frame.
#pragma once

#include "libm/sincos_fdlibm.hpp"
#include "libm/sincos_flavor.hpp"
#include "libm/sincos_glibc.hpp"

namespace qwop {
inline namespace QWOP_ISA_NAMESPACE {

template <SinCosFlavor kFlavor, class F>
QWOP_ALWAYS_INLINE SinCos<F> sincos(F x) {
  using namespace sincos_detail;
  constexpr bool kScalar = lanes::kWidth<F> == 1;
  if constexpr (kFlavor == SinCosFlavor::Fdlibm) {
    if constexpr (kScalar)
      return sincos_fdlibm_scalar(x);
    else
      return sincos_fdlibm_lanes(x);
  } else if constexpr (kFlavor == SinCosFlavor::GlibcFma) {
    if constexpr (kScalar)
      return sincos_glibc_fma(x);
    else
      return sincos_glibc_fma_lanes(x);
  } else {
    if constexpr (kScalar)
      return sincos_glibc_scalar<Fused::kNo>(x);
    else
      return sincos_glibc_lanes<Fused::kNo>(x);
  }
}

// The same with the flavor chosen at run time.
inline SinCos<double> sincos(SinCosFlavor flavor, double x) {
  switch (flavor) {
    case SinCosFlavor::Glibc:
      return sincos<SinCosFlavor::Glibc>(x);
    case SinCosFlavor::GlibcFma:
      return sincos<SinCosFlavor::GlibcFma>(x);
    case SinCosFlavor::Fdlibm:
      return sincos<SinCosFlavor::Fdlibm>(x);
  }
  __builtin_unreachable();
}

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop
