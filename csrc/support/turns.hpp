// A mutex for objects that several threads share, in a process that may be forked.
#pragma once

#include <atomic>
#include <cstdint>

namespace qwop::support {

// For std::lock_guard and std::scoped_lock.
class Turns {
 public:
  // Throws std::runtime_error if the holder was left behind in the process that this one was forked
  // from: a plain mutex would wait for it forever.
  void lock();
  bool try_lock();
  void unlock();

 private:
  // 0 when free, else twice the holder's fork_count() plus 1.
  std::atomic<std::uint32_t> holder_{0};
};

}  // namespace qwop::support
