// The lane kernel's builds, one an instruction set. Which of them exist is decided when the project
// is configured; which of those may run, by the processor (blocks.cpp).
#pragma once

#include "batch/lane_data.hpp"
#include "physics/scene.hpp"

namespace qwop::batch {

using LaneKernelFunction = void (*)(const physics::Scene&, LaneData&);

void run_lanes_simd128(const physics::Scene& scene, LaneData& data);  // SSE2 or NEON
void run_lanes_avx2(const physics::Scene& scene, LaneData& data);
void run_lanes_avx512(const physics::Scene& scene, LaneData& data);

}  // namespace qwop::batch
