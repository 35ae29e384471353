#define QWOP_ISA_NAMESPACE avx512
#include "learner/kernels.hpp"
