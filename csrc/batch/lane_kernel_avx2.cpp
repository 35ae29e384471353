#define QWOP_ISA_NAMESPACE avx2
#include "batch/lane_kernel.hpp"
#include "batch/lane_kernels.hpp"

namespace qwop::batch {

void run_lanes_avx2(const physics::Scene& scene, LaneData& data) { avx2::run_lanes(scene, data); }

}  // namespace qwop::batch
