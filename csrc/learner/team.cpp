#include "learner/team.hpp"

#include <unistd.h>

#include "learner/flush_denormals.hpp"

namespace qwop::learner {
namespace {

constexpr int kSpins = 2000;  // some 50 microseconds

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void Team::dismiss() {
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

void Team::ensure(int workers) {
  if (owner_ != getpid() || static_cast<int>(workers_.size()) != workers) dismiss();
  if (!shared_) {
    shared_ = std::make_unique<Shared>();
    owner_ = getpid();
  }
  while (static_cast<int>(workers_.size()) < workers) {
    workers_.emplace_back([shared = shared_.get()] { work(*shared); });
  }
}

void Team::take_tasks(Shared& shared) {
  std::uint64_t ticket = shared.ticket.load(std::memory_order_acquire);
  for (;;) {
    const auto next = static_cast<std::uint16_t>(ticket);
    if (next >= static_cast<std::uint16_t>(ticket >> 16)) return;
    if (!shared.ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) {
      continue;
    }
    (*shared.task)(next);
    shared.done.fetch_add(1, std::memory_order_release);
    ticket = shared.ticket.load(std::memory_order_acquire);
  }
}

void Team::work(Shared& shared) {
  const FlushDenormals flush;
  std::uint32_t seen = 0;
  for (;;) {
    for (int i = 0; i < kSpins && shared.round.load(std::memory_order_acquire) == seen; ++i) {
      pause();
    }
    shared.round.wait(seen, std::memory_order_acquire);
    seen = shared.round.load(std::memory_order_acquire);
    if (shared.stopping.load()) return;
    take_tasks(shared);
  }
}

void Team::run(int threads, int count, const std::function<void(int)>& task) {
  if (threads < 2 || count < 2) {
    for (int i = 0; i < count; ++i) task(i);
    return;
  }
  ensure(threads - 1);
  Shared& shared = *shared_;
  shared.task = &task;
  shared.done.store(0, std::memory_order_relaxed);
  const std::uint32_t round = shared.round.load(std::memory_order_relaxed) + 1;
  shared.ticket.store(std::uint64_t{round} << 32 | static_cast<std::uint64_t>(count) << 16,
                      std::memory_order_release);
  shared.round.store(round, std::memory_order_release);
  shared.round.notify_all();
  take_tasks(shared);
  for (int i = 0; shared.done.load(std::memory_order_acquire) < count; ++i) {
    if (i < kSpins) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

}  // namespace qwop::learner
