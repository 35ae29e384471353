#define QWOP_LEARNER_ISA baseline
#include "learner/kernels.hpp"
