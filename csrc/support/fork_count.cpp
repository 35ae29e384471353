#include "support/fork_count.hpp"

#include <atomic>

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

namespace qwop::support {
namespace {

std::atomic<std::uint32_t> g_forks{0};

}  // namespace

std::uint32_t fork_count() {
#if defined(__unix__) || defined(__APPLE__)
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { g_forks.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
#endif
  return g_forks.load(std::memory_order_relaxed);
}

}  // namespace qwop::support
