#define QWOP_ISA_NAMESPACE avx512
#include "batch/lane_kernel.hpp"
#include "batch/lane_kernels.hpp"

namespace qwop::batch {

void run_lanes_avx512(const physics::Scene& scene, LaneData& data) {
  avx512::run_lanes(scene, data);
}

}  // namespace qwop::batch
