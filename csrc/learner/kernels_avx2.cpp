#define QWOP_LEARNER_ISA avx2
#include "learner/kernels.hpp"
