#define QWOP_ISA_NAMESPACE simd128
#include "batch/lane_kernel.hpp"
#include "batch/lane_kernels.hpp"

namespace qwop::batch {

void run_lanes_simd128(const physics::Scene& scene, LaneData& data) {
  simd128::run_lanes(scene, data);
}

}  // namespace qwop::batch
