#define QWOP_LEARNER_ISA baseline
#include "learner/kernel_table.hpp"
