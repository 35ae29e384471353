#define QWOP_ISA_NAMESPACE avx2
#include "batch/lane_kernel.hpp"
#include "batch/lane_kernels.hpp"

namespace qwop::batch {

constinit const LaneKernels kLanesAvx2{avx2::collide_lanes, avx2::run_lanes};

}  // namespace qwop::batch
