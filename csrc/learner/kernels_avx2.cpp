#define QWOP_ISA_NAMESPACE avx2
#include "learner/kernels.hpp"
