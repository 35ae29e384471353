#define QWOP_LEARNER_ISA avx512
#include "learner/kernel_table.hpp"
