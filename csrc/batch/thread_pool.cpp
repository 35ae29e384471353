#include "batch/thread_pool.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

#if defined(__linux__)
#include <sched.h>
#endif

namespace qwop::batch {
namespace {

int affinity_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Cores that a container's quota amounts to, rounded up; a large number where there is none.
int quota_cores() {
  constexpr int kNone = 1 << 20;
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0.0;
  if (v2 >> quota >> period && quota != "max" && period > 0.0) {
    return static_cast<int>(std::stod(quota) / period + 0.999);
  }
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double limit = 0.0;
  if (v1_quota >> limit && v1_period >> period && limit > 0.0 && period > 0.0) {
    return static_cast<int>(limit / period + 0.999);
  }
  return kNone;
}

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Watches for a little while whether something becomes true: a thread that goes to sleep is woken
// too late for steps that follow each other closely.
template <class Condition>
bool soon(const Condition& condition) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kPatience = std::chrono::microseconds(50);
  const auto end = Clock::now() + kPatience;
  do {
    for (int i = 0; i < 16; ++i) {
      if (condition()) return true;
      relax();
    }
  } while (Clock::now() < end);
  return condition();
}

}  // namespace

int usable_cores() { return std::max(1, std::min(affinity_cores(), quota_cores())); }

ThreadPool::~ThreadPool() {
  if (owner_ != getpid()) {
    // A forked child owns copies of thread handles without threads: nothing to join.
    for (auto& worker : workers_) worker.detach();
    static_cast<void>(shared_.release());
    return;
  }
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
  }
  shared_->work.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::ensure_started() {
  if (owner_ == getpid()) return;
  for (auto& worker : workers_) worker.detach();
  workers_.clear();
  static_cast<void>(shared_.release());  // its mutex may be held by a thread that is not here
  shared_ = std::make_unique<Shared>();
  owner_ = getpid();
  for (int i = 1; i < threads_; ++i) {
    workers_.emplace_back([shared = shared_.get()] { work(*shared); });
  }
}

void ThreadPool::take_tasks(Shared& shared) {
  for (;;) {
    const int i = shared.next.fetch_add(1, std::memory_order_relaxed);
    if (i >= shared.count) return;
    (*shared.task)(i);
  }
}

void ThreadPool::work(Shared& shared) {
  unsigned long seen = 0;
  const auto wanted = [&] { return shared.stopping || shared.round != seen; };
  for (;;) {
    if (!soon(wanted)) {
      std::unique_lock lock(shared.mutex);
      shared.work.wait(lock, wanted);
    }
    if (shared.stopping) return;
    seen = shared.round;
    take_tasks(shared);
    if (--shared.busy != 0) continue;
    // Whoever looked before and is about to sleep holds the mutex until it does.
    {
      const std::lock_guard lock(shared.mutex);
    }
    shared.done.notify_one();
  }
}

void ThreadPool::run(int count, const std::function<void(int)>& task) {
  if (threads_ == 1 || count <= 1) {
    for (int i = 0; i < count; ++i) task(i);
    return;
  }
  ensure_started();
  auto& shared = *shared_;
  {
    const std::lock_guard lock(shared.mutex);
    shared.task = &task;
    shared.count = count;
    shared.next.store(0, std::memory_order_relaxed);
    shared.busy = threads_ - 1;
    ++shared.round;
  }
  shared.work.notify_all();
  take_tasks(shared);
  const auto all_done = [&] { return shared.busy == 0; };
  if (soon(all_done)) return;
  std::unique_lock lock(shared.mutex);
  shared.done.wait(lock, all_done);
}

}  // namespace qwop::batch
