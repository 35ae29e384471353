// A fixed set of workers that run the same function over a range of indices.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace qwop::batch {

// Cores this process may use: its affinity and, on Linux, its cgroup's quota. At least 1.
int usable_cores();

class ThreadPool {
 public:
  // threads counts the caller, who works too: threads - 1 workers are started, on first use and
  // again in a process that was forked off since (threads do not survive a fork).
  explicit ThreadPool(int threads) : threads_(threads) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  // Calls task(i) once for each i in 0..count-1, in any order and from any thread; returns when all
  // are done. The task must not throw.
  void run(int count, const std::function<void(int)>& task);

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable work, done;
    const std::function<void(int)>* task = nullptr;
    int count = 0;
    std::atomic<unsigned long> round{0};  // grows by one with each run()
    std::atomic<bool> stopping{false};
    // Written by all in turn, so away from what they only read.
    alignas(64) std::atomic<int> next{0};
    alignas(64) std::atomic<int> busy{0};  // workers that have not finished the current round
  };

  void ensure_started();
  static void work(Shared& shared);
  static void take_tasks(Shared& shared);

  int threads_;
  pid_t owner_ = -1;
  std::unique_ptr<Shared> shared_;
  std::vector<std::thread> workers_;
};

}  // namespace qwop::batch
