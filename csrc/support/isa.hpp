// What every file knows about the instruction set that it is compiled for.
#pragma once

#include "support/float_rules.hpp"

// Translation units that are compiled for different instruction sets define different names, so
// that the linker never merges an AVX-512 instance of a function with a baseline one. For the same
// reason these units call no function of the standard library that is not inlined.
#ifndef QWOP_ISA_NAMESPACE
#define QWOP_ISA_NAMESPACE baseline
#endif

#define QWOP_ALWAYS_INLINE inline __attribute__((always_inline))
