#define QWOP_ISA_NAMESPACE baseline
#include "learner/kernel_table.hpp"
