#include "learner/isa.hpp"

#include <cstdlib>
#include <stdexcept>

namespace qwop::learner {

namespace baseline {
const Kernels& kernels();
}
#if defined(QWOP_LEARNER_X86)
namespace avx2 {
const Kernels& kernels();
}
namespace avx512 {
const Kernels& kernels();
}
#endif

namespace {

Kernels named(Kernels kernels, const char* name) {
  kernels.name = name;
  return kernels;
}

std::vector<Kernels> find_kernels() {
  std::vector<Kernels> found;
#if defined(QWOP_LEARNER_X86)
  // The levels that the kernels are compiled for: x86-64-v4 and x86-64-v3.
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                  __builtin_cpu_supports("avx512vl");
  if (v4) found.push_back(named(avx512::kernels(), "avx512"));
  if (v3) found.push_back(named(avx2::kernels(), "avx2"));
  found.push_back(named(baseline::kernels(), "sse2"));
#else
  found.push_back(named(baseline::kernels(), "generic"));
#endif
  return found;
}

}  // namespace

const std::vector<Kernels>& available_kernels() {
  static const std::vector<Kernels> kernels = find_kernels();
  return kernels;
}

const Kernels& choose_kernels(const std::string& name) {
  const char* variable = std::getenv("QWOP_NATIVE_ISA");
  const std::string wanted = !name.empty() ? name : variable ? variable : "";
  const auto& kernels = available_kernels();
  if (wanted.empty()) return kernels.front();
  std::string names;
  for (const Kernels& k : kernels) {
    if (wanted == k.name) return k;
    names += (names.empty() ? "" : ", ") + std::string(k.name);
  }
  throw std::invalid_argument("the instruction set '" + wanted +
                              "' is not available here; this processor has: " + names);
}

}  // namespace qwop::learner
