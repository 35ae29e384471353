// Sleeping until a number changes: std::atomic's wait and notify_all, without a fault of libstdc++.
//
// On systems without futexes (MinGW is one), its wait looks at the number before it takes the lock
// that it sleeps on, so a change in between wakes nobody and the sleeper never returns.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace qwop::support {

#if defined(__GLIBCXX__) && !defined(_GLIBCXX_HAVE_LINUX_FUTEX)
struct Sleepers {
  std::mutex mutex;
  std::condition_variable changed;
};
inline Sleepers g_sleepers;  // one for all numbers: few ever sleep, and each looks at its own

inline void wait_while(const std::atomic<std::uint32_t>& number, std::uint32_t value) {
  std::unique_lock lock(g_sleepers.mutex);
  g_sleepers.changed.wait(lock, [&] { return number.load() != value; });
}
inline void wake_all(std::atomic<std::uint32_t>&) {
  {
    const std::lock_guard lock(g_sleepers.mutex);
  }  // whoever is about to sleep does so first
  g_sleepers.changed.notify_all();
}
#else
inline void wait_while(const std::atomic<std::uint32_t>& number, std::uint32_t value) {
  number.wait(value);
}
inline void wake_all(std::atomic<std::uint32_t>& number) { number.notify_all(); }
#endif

}  // namespace qwop::support
