#define QWOP_LEARNER_ISA avx2
#include "learner/kernel_table.hpp"
