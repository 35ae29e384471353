// The lane kernel's builds, one an instruction set. Which of them exist is decided when the project
// is configured; which of those may run, by the processor (blocks.cpp).
#pragma once

#include "batch/lane_data.hpp"
#include "physics/scene.hpp"

namespace qwop::batch {

struct LaneKernels {
  // Finds the manifolds of LaneData::pairs.
  void (*collide)(LaneData&);
  // Solves and moves the runners.
  void (*run)(const physics::Scene&, LaneData&);
};

extern const LaneKernels kLanesSimd128;  // SSE2 or NEON
extern const LaneKernels kLanesAvx2;
extern const LaneKernels kLanesAvx512;

}  // namespace qwop::batch
