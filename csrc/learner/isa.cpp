#include "learner/isa.hpp"

namespace qwop::learner {

namespace baseline {
const Kernels& kernels();
}
#if defined(QWOP_WIDE_KERNELS)
namespace avx2 {
const Kernels& kernels();
}
namespace avx512 {
const Kernels& kernels();
}
#endif

namespace {

Kernels named(Kernels kernels, support::InstructionSet set) {
  kernels.name = support::to_string(set).data();  // of a literal, so it ends with a zero
  return kernels;
}

}  // namespace

const Kernels& choose_kernels(std::string_view name) {
  using support::InstructionSet;
  switch (support::choose_instruction_set(name, kSmallestSet)) {
#if defined(QWOP_WIDE_KERNELS)
    case InstructionSet::kAvx512: {
      static const Kernels kernels = named(avx512::kernels(), InstructionSet::kAvx512);
      return kernels;
    }
    case InstructionSet::kAvx2: {
      static const Kernels kernels = named(avx2::kernels(), InstructionSet::kAvx2);
      return kernels;
    }
#endif
    default: {
      static const Kernels kernels = named(baseline::kernels(), InstructionSet::kSimd128);
      return kernels;
    }
  }
}

}  // namespace qwop::learner
