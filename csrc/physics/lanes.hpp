// The vocabulary in which all physics is written: one "lane type" F is either a plain double or a
// SIMD vector of doubles (lanes::Lanes<W>), and every expression reads the same for both.
//
// Operators + - * / and comparisons come from the type itself; what a double and a vector would
// spell differently is a free function in qwop::lanes. Call them qualified (lanes::abs) so that
// neither ::abs nor std::abs can be meant.
//
// Each lane rounds exactly as the double does: no function here reassociates, approximates or
// fuses, apart from lanes::fma, which is exact with and without hardware support.
#pragma once

// All together: functions are found where a template that calls them is defined, so a template
// must never see the scalar ones alone.
#include "physics/lanes_scalar.hpp"
#include "physics/lanes_simd.hpp"
#include "physics/lanes_wide.hpp"
