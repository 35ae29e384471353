// How long work asks whether it shall stop.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace qwop::support {

// One for each call, made by the thread that calls. All threads that share the work ask stopped()
// between two pieces of it; only the caller's goes on to ask the outside, ten times a second.
class Interrupt {
 public:
  Interrupt() = default;
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  virtual ~Interrupt() = default;

  // For work that nothing stops.
  static Interrupt& none() {
    static Interrupt interrupt;
    return interrupt;
  }

  // Whether to leave the rest undone. Stays true.
  bool stopped() {
    if (stopped_.load(std::memory_order_relaxed)) return true;
    if (std::this_thread::get_id() != caller_) return false;
    const auto now = std::chrono::steady_clock::now();
    if (next_ == Time{}) next_ = now + kPause;
    if (now < next_) return false;
    const bool wanted = stop_wanted();
    next_ = std::chrono::steady_clock::now() + kPause;
    if (wanted) stopped_.store(true, std::memory_order_relaxed);
    return wanted;
  }
  // For updates of single games, which are short: asks once in many.
  bool stopped_after(std::int64_t updates) {
    constexpr std::int64_t kEvery = 64;
    return updates % kEvery == kEvery - 1 && stopped();
  }

  static constexpr auto kPause = std::chrono::milliseconds(100);

 protected:
  virtual bool stop_wanted() { return false; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  const std::thread::id caller_ = std::this_thread::get_id();
  Time next_{};
  std::atomic<bool> stopped_{false};
};

}  // namespace qwop::support
