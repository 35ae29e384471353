// What every file of the engine demands of its compiler; support/isa.hpp brings it everywhere.
#pragma once

#include <cfloat>

// An x87 build keeps intermediate results in 80 bits: on 32-bit x86 build with -msse2 -mfpmath=sse.
static_assert(FLT_EVAL_METHOD == 0, "each operation must round to the type that it is written in");

// -ffast-math and its parts reorder operations, so that no bit of the game would be the browser's.
#if defined(__FAST_MATH__) || defined(_M_FP_FAST) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "the engine computes bit for bit: build it without -ffast-math (MSVC: without /fp:fast)"
#endif
