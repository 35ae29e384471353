#define QWOP_ISA_NAMESPACE avx2
#include "learner/kernel_table.hpp"
