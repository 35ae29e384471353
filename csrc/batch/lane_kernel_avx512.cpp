#define QWOP_ISA_NAMESPACE avx512
#include "batch/lane_kernel.hpp"
#include "batch/lane_kernels.hpp"

namespace qwop::batch {

constinit const LaneKernels kLanesAvx512{avx512::collide_lanes, avx512::run_lanes};

}  // namespace qwop::batch
