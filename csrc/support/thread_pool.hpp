// Threads that share the tasks of a step or an update.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace qwop::support {

// Rounds of tasks are short here, some tens of microseconds to a few milliseconds, and follow each
// other closely, so everyone looks for what comes next a while before going to sleep. Nobody ever
// waits for a worker that has not begun a task: where other programs have the cores, the caller
// does all.
class ThreadPool {
 public:
  // threads counts the caller, who works too: threads - 1 workers are started, on first use and
  // again in a process that was forked off since (threads do not survive a fork).
  explicit ThreadPool(int threads = 1) : threads_(threads) {}
  ~ThreadPool() { dismiss(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }
  void set_threads(int threads) { threads_ = threads; }  // from the next run() on

  // Calls task(i) once for each i in 0..count-1, in any order and from any thread; returns when all
  // are done. The task must not throw.
  void run(int count, const std::function<void(int)>& task);

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
  };

  void ensure_workers();
  void dismiss();
  void run_round(int first, int count, const std::function<void(int)>& task);
  static void work(Shared& shared);
  static void take_tasks(Shared& shared);

  int threads_;
  long owner_ = -1;  // the process that started the workers
  std::unique_ptr<Shared> shared_;
  std::vector<std::thread> workers_;
};

}  // namespace qwop::support
