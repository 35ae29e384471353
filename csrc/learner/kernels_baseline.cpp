#define QWOP_ISA_NAMESPACE baseline
#include "learner/kernels.hpp"
