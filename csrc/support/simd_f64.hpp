// Vectors of float64, the vocabulary of all physics: one "lane type" F is either a plain double or
// a SIMD vector of doubles (lanes::Lanes<W>), and every expression reads the same for both.
//
// Operators + - * / and comparisons come from the type itself; what a double and a vector would
// spell differently is a free function in qwop::lanes. Call them qualified (lanes::abs) so that
// neither ::abs nor std::abs can be meant.
//
// Each lane rounds exactly as the double does: no function here reassociates, approximates or
// fuses, apart from lanes::fma, which is exact with and without hardware support. The learner's
// float32 vectors (simd_f32.hpp) may do all of that.
#pragma once

// All together: functions are found where a template that calls them is defined, so a template
// must never see the scalar ones alone.
#include "support/simd_f64_scalar.hpp"
#include "support/simd_f64_vector.hpp"
#include "support/simd_f64_wide.hpp"
