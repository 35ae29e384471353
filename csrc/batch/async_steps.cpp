#include "batch/async_steps.hpp"

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include "support/affinity.hpp"
#include "support/float_mode.hpp"
#include "support/fork_count.hpp"

namespace qwop::batch {

AsyncSteps::AsyncSteps(BatchEngine& engine, const std::int64_t* actions, const StepOutput& out,
                       int threads, std::vector<int> cores)
    : engine_(engine),
      actions_(actions),
      out_(out),
      threads_(threads),
      cores_(std::move(cores)),
      sent_(static_cast<std::size_t>(engine.block_count())) {}

AsyncSteps::~AsyncSteps() {
  dismiss();
  engine_.set_under_way(0);
}

void AsyncSteps::dismiss() {
  if (!shared_) return;
  if (process_ != support::fork_count()) {
    // Handles of threads that a forked child does not have: neither joined nor detached, as in
    // support::ThreadPool.
    static_cast<void>(new std::vector<std::thread>(std::move(workers_)));
    static_cast<void>(shared_.release());
    workers_.clear();
    return;
  }
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->waiting.clear();
  }
  shared_->work.notify_all();
  for (auto& worker : workers_) worker.join();
  workers_.clear();
  shared_.reset();
}

void AsyncSteps::require_here() const {
  if (count_ == 0 || process_ == support::fork_count()) return;
  throw std::runtime_error(
      "games were under way when the process forked, and were left behind in the middle of a step; "
      "make a new environment in this process");
}

void AsyncSteps::ensure_workers() {
  const auto wanted = static_cast<std::size_t>(threads_);
  if (process_ != support::fork_count() || workers_.size() != wanted) dismiss();
  if (shared_) return;
  shared_ = std::make_unique<Shared>();
  process_ = support::fork_count();
  try {
    workers_.reserve(wanted);
    while (workers_.size() < wanted) {
      workers_.emplace_back([this, shared = shared_.get()] { work(*shared); });
      if (cores_.empty()) continue;
      support::bind_to_core(workers_.back(), cores_[(workers_.size() - 1) % cores_.size()]);
    }
  } catch (const std::system_error& error) {
    const auto begun = workers_.size();
    dismiss();
    throw std::runtime_error("the system gives " + std::to_string(begun) + " of " +
                             std::to_string(threads_) + " threads (" + error.code().message() +
                             "); ask for fewer threads, or raise its limit");
  } catch (...) {
    dismiss();
    throw;
  }
}

void AsyncSteps::work(Shared& shared) {
  const support::FloatMode mode;
  std::unique_lock lock(shared.mutex);
  for (;;) {
    shared.work.wait(lock, [&] { return shared.stopping || !shared.waiting.empty(); });
    if (shared.stopping) return;
    const int block = shared.waiting.front();
    shared.waiting.pop_front();
    lock.unlock();
    support::Interrupt never;
    engine_.step_block(block, actions_, out_, never);
    lock.lock();
    shared.finished.push_back(block);
    shared.done.notify_one();
  }
}

void AsyncSteps::send(std::span<const int> blocks) {
  require_here();
  if (count_ == 0) ensure_workers();
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->waiting.insert(shared_->waiting.end(), blocks.begin(), blocks.end());
  }
  for (const int block : blocks) sent_[static_cast<std::size_t>(block)] = true;
  engine_.set_under_way(count_ += static_cast<int>(blocks.size()));
  shared_->work.notify_all();
}

std::vector<int> AsyncSteps::receive(int count, support::Interrupt& interrupt) {
  if (count > count_) {
    throw std::logic_error("fewer games are under way than are to be received");
  }
  require_here();
  std::unique_lock lock(shared_->mutex);
  const auto enough = [&] { return shared_->finished.size() >= static_cast<std::size_t>(count); };
  while (!shared_->done.wait_for(lock, support::Interrupt::kPause, enough)) {
    lock.unlock();  // asking may take long
    if (interrupt.stopped()) return {};
    lock.lock();
  }
  const auto end = shared_->finished.begin() + count;
  std::vector<int> blocks(shared_->finished.begin(), end);
  shared_->finished.erase(shared_->finished.begin(), end);
  lock.unlock();
  for (const int block : blocks) sent_[static_cast<std::size_t>(block)] = false;
  engine_.set_under_way(count_ -= count);
  return blocks;
}

}  // namespace qwop::batch
