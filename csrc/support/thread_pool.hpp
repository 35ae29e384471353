// Threads that share the tasks of a step or an update.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "support/interrupt.hpp"

namespace qwop::support {

// Rounds of tasks are short here, some tens of microseconds to a few milliseconds, and follow each
// other closely, so everyone looks for what comes next a while before going to sleep. Nobody ever
// waits for a worker that has not begun a task: where other programs have the cores, the caller
// does all. Workers compute in the plain FloatMode, whatever the caller's was when they began.
class ThreadPool {
 public:
  // threads counts the caller, who works too: threads - 1 workers are started, on first use and
  // again in a process that was forked off since (threads do not survive a fork). Worker i is bound
  // to core i of `cores`, in turn, unless there are none; the caller is not.
  explicit ThreadPool(int threads = 1, std::vector<int> cores = {})
      : threads_(threads), cores_(std::move(cores)) {}
  ~ThreadPool() { dismiss(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }
  void set_threads(int threads) { threads_ = threads; }  // from the next run() on

  // Calls task(i) once for each i in 0..count-1, in any order and from any thread; returns when all
  // are done. The task must not throw; a long one asks `interrupt` itself, which is asked here
  // while nothing is left but to wait for others. Throws std::runtime_error, with no task begun, if
  // the system does not give as many threads as wanted, or refuses a core.
  void run(int count, const std::function<void(int)>& task, Interrupt* interrupt = nullptr);

 private:
  // What the workers look at: the round in the upper half, below it the number of its tasks and the
  // next one to take, in one word so that no task can be taken of a round that is over.
  struct Shared {
    const std::function<void(int)>* task = nullptr;
    int first = 0;  // index of the round's first task
    std::atomic<bool> stopping{false};
    std::atomic<std::uint32_t> round{0};  // the same round, to sleep on
    // Written by all in turn, so away from what they only read.
    alignas(64) std::atomic<std::uint64_t> ticket{0};
    alignas(64) std::atomic<int> done{0};
    std::mutex mutex;  // for the caller to sleep on while the last tasks are done
    std::condition_variable all_done;
  };

  void ensure_workers();
  void dismiss();
  void abandon();
  void run_round(int first, int count, const std::function<void(int)>& task, Interrupt* interrupt);
  static void work(Shared& shared);
  static void take_tasks(Shared& shared);

  int threads_;
  std::vector<int> cores_;
  std::uint32_t process_ = 0;  // fork_count() where the workers were started
  std::unique_ptr<Shared> shared_;
  std::vector<std::thread> workers_;
};

}  // namespace qwop::support
