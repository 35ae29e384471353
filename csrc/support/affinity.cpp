#include "support/affinity.hpp"

#include <stdexcept>
#include <string>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
#endif

namespace qwop::support {

void bind_to_core([[maybe_unused]] std::thread& thread, int core) {
#if defined(__linux__)
  constexpr int kMostCores = 65536;
  if (core >= 0 && core < kMostCores) {
    cpu_set_t* set = CPU_ALLOC(core + 1);
    const auto size = CPU_ALLOC_SIZE(core + 1);
    CPU_ZERO_S(size, set);
    CPU_SET_S(core, size, set);
    const int refused = pthread_setaffinity_np(thread.native_handle(), size, set);
    CPU_FREE(set);
    if (refused == 0) return;
  }
#endif
  throw std::runtime_error("the system does not let a thread be bound to core " +
                           std::to_string(core));
}

}  // namespace qwop::support
