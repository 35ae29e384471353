#define QWOP_ISA_NAMESPACE avx512
#include "learner/kernel_table.hpp"
