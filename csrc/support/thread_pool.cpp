#include "support/thread_pool.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "support/affinity.hpp"
#include "support/float_mode.hpp"
#include "support/fork_count.hpp"
#include "support/wait.hpp"

namespace qwop::support {
namespace {

constexpr int kLargestRound = 0xffff;  // tasks that a ticket has room for

void relax() {
#if defined(__SSE2__)
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
  if (process_ != fork_count()) return abandon();
  shared_->stopping.store(true);
  shared_->round.fetch_add(1);
  wake_all(shared_->round);
  for (auto& worker : workers_) worker.join();
  workers_.clear();
  shared_.reset();
}

// A forked child owns handles of threads that it does not have. They can be neither joined nor
// detached (their memory may be another thread's by now), so they are left behind.
void ThreadPool::abandon() {
  static_cast<void>(new std::vector<std::thread>(std::move(workers_)));
  static_cast<void>(shared_.release());
  workers_.clear();
}

void ThreadPool::ensure_workers() {
  const auto workers = static_cast<std::size_t>(threads_ - 1);
  if (process_ != fork_count() || workers_.size() != workers) dismiss();
  if (shared_) return;
  shared_ = std::make_unique<Shared>();
  process_ = fork_count();
  try {
    workers_.reserve(workers);
    while (workers_.size() < workers) {
      workers_.emplace_back([shared = shared_.get()] { work(*shared); });
      if (cores_.empty()) continue;
      bind_to_core(workers_.back(), cores_[(workers_.size() - 1) % cores_.size()]);
    }
  } catch (const std::system_error& error) {
    const auto begun = workers_.size();
    dismiss();
    throw std::runtime_error("the system gives " + std::to_string(begun + 1) + " of " +
                             std::to_string(threads_) + " threads (" + error.code().message() +
                             "); ask for fewer threads, or raise its limit");
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
      {
        const std::lock_guard lock(shared.mutex);
      }  // whoever is about to sleep does so first
      shared.all_done.notify_one();
    }
    ticket = shared.ticket.load(std::memory_order_acquire);
  }
}

void ThreadPool::work(Shared& shared) {
  const FloatMode mode;
  std::uint32_t seen = 0;
  for (;;) {
    if (!soon([&] { return shared.round.load(std::memory_order_acquire) != seen; })) {
      wait_while(shared.round, seen);
    }
    seen = shared.round.load(std::memory_order_acquire);
    if (shared.stopping.load()) return;
    take_tasks(shared);
  }
}

void ThreadPool::run(int count, const std::function<void(int)>& task, Interrupt* interrupt) {
  if (threads_ == 1 || count <= 1) {
    for (int i = 0; i < count; ++i) task(i);
    return;
  }
  ensure_workers();
  for (int first = 0; first < count; first += kLargestRound) {
    run_round(first, std::min(count - first, kLargestRound), task, interrupt);
  }
}

void ThreadPool::run_round(int first, int count, const std::function<void(int)>& task,
                           Interrupt* interrupt) {
  Shared& shared = *shared_;
  shared.task = &task;
  shared.first = first;
  shared.done.store(0, std::memory_order_relaxed);
  const std::uint32_t round = shared.round.load(std::memory_order_relaxed) + 1;
  shared.ticket.store(std::uint64_t{round} << 32 | static_cast<std::uint64_t>(count) << 16,
                      std::memory_order_release);
  shared.round.store(round, std::memory_order_release);
  wake_all(shared.round);
  take_tasks(shared);
  const auto over = [&] { return shared.done.load(std::memory_order_acquire) == count; };
  if (soon(over)) return;
  std::unique_lock lock(shared.mutex);
  while (!shared.all_done.wait_for(lock, Interrupt::kPause, over)) {
    if (interrupt == nullptr) continue;
    lock.unlock();  // asking may take long
    interrupt->stopped();
    lock.lock();
  }
}

}  // namespace qwop::support
