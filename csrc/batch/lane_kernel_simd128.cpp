#define QWOP_ISA_NAMESPACE simd128
#include "batch/lane_kernel.hpp"
#include "batch/lane_kernels.hpp"

namespace qwop::batch {

constinit const LaneKernels kLanesSimd128{simd128::collide_lanes, simd128::run_lanes};

}  // namespace qwop::batch
