// Whether an x86-64 processor has FMA, for code of the baseline that asks at each call.
#pragma once

#include "support/isa.hpp"

// Nothing may be initialized by code for wider instruction sets, which always have it.
#if defined(__x86_64__) && !defined(__FMA__)
#if defined(_MSC_VER)
#include <cpuid.h>
#endif

namespace qwop::support {
inline namespace QWOP_ISA_NAMESPACE {

#if defined(_MSC_VER)
// __builtin_cpu_supports needs a library of clang's that Microsoft's linker does not look for.
inline bool find_fma() {
  constexpr unsigned kNeeded = 1u << 12 | 1u << 27 | 1u << 28;  // FMA, OSXSAVE, AVX
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || (ecx & kNeeded) != kNeeded) return false;
  asm volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return (eax & 6) == 6;  // the operating system saves XMM and YMM
}
inline const bool kCpuHasFma = find_fma();
QWOP_ALWAYS_INLINE bool cpu_has_fma() { return kCpuHasFma; }
#else
QWOP_ALWAYS_INLINE bool cpu_has_fma() { return __builtin_cpu_supports("fma") != 0; }
#endif

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::support
#endif
