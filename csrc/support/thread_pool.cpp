#include "support/thread_pool.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace qwop::support {
namespace {

constexpr int kLargestRound = 0xffff;  // tasks that a ticket has room for

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Watches for a little while whether something becomes true: a thread that goes to sleep is woken
// too late for rounds that follow each other closely.
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

void ThreadPool::dismiss() {
  if (!shared_) return;
  if (owner_ != getpid()) {
    // A forked child owns copies of thread handles without threads: nothing to join.
    for (auto& worker : workers_) worker.detach();
    static_cast<void>(shared_.release());
  } else {
    shared_->stopping.store(true);
    shared_->round.fetch_add(1);
    shared_->round.notify_all();
    for (auto& worker : workers_) worker.join();
  }
  workers_.clear();
  shared_.reset();
}

void ThreadPool::ensure_workers() {
  const auto workers = static_cast<std::size_t>(threads_ - 1);
  if (owner_ != getpid() || workers_.size() != workers) dismiss();
  if (shared_) return;
  shared_ = std::make_unique<Shared>();
  owner_ = getpid();
  while (workers_.size() < workers) {
    workers_.emplace_back([shared = shared_.get()] { work(*shared); });
  }
}

void ThreadPool::take_tasks(Shared& shared) {
  std::uint64_t ticket = shared.ticket.load(std::memory_order_acquire);
  for (;;) {
    const auto next = static_cast<int>(ticket & kLargestRound);
    const auto count = static_cast<int>(ticket >> 16 & kLargestRound);
    if (next >= count) return;
    if (!shared.ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) {
      continue;
    }
    (*shared.task)(shared.first + next);
    if (shared.done.fetch_add(1, std::memory_order_release) + 1 == count) {
      shared.done.notify_one();
    }
    ticket = shared.ticket.load(std::memory_order_acquire);
  }
}

void ThreadPool::work(Shared& shared) {
  std::uint32_t seen = 0;
  for (;;) {
    if (!soon([&] { return shared.round.load(std::memory_order_acquire) != seen; })) {
      shared.round.wait(seen, std::memory_order_acquire);
    }
    seen = shared.round.load(std::memory_order_acquire);
    if (shared.stopping.load()) return;
    take_tasks(shared);
  }
}

void ThreadPool::run(int count, const std::function<void(int)>& task) {
  if (threads_ == 1 || count <= 1) {
    for (int i = 0; i < count; ++i) task(i);
    return;
  }
  ensure_workers();
  for (int first = 0; first < count; first += kLargestRound) {
    run_round(first, std::min(count - first, kLargestRound), task);
  }
}

void ThreadPool::run_round(int first, int count, const std::function<void(int)>& task) {
  Shared& shared = *shared_;
  shared.task = &task;
  shared.first = first;
  shared.done.store(0, std::memory_order_relaxed);
  const std::uint32_t round = shared.round.load(std::memory_order_relaxed) + 1;
  shared.ticket.store(std::uint64_t{round} << 32 | static_cast<std::uint64_t>(count) << 16,
                      std::memory_order_release);
  shared.round.store(round, std::memory_order_release);
  shared.round.notify_all();
  take_tasks(shared);
  if (soon([&] { return shared.done.load(std::memory_order_acquire) == count; })) return;
  for (int done; (done = shared.done.load(std::memory_order_acquire)) != count;) {
    shared.done.wait(done, std::memory_order_acquire);
  }
}

}  // namespace qwop::support
