// Threads that share the tasks of an update.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace qwop::learner {

// Rounds of tasks are short here, some tens of microseconds to a few milliseconds, and follow each
// other closely, so workers look for the next round a while before they sleep. Nobody ever waits
// for a worker that has not begun a task: where other programs have the cores, the caller does all.
class Team {
 public:
  Team() = default;
  ~Team() { dismiss(); }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Calls task(i) once for each i in 0..count-1, count < 65536, in any order and on up to `threads`
  // threads, the caller's among them; returns when all are done. The task must not throw. Workers
  // are started when they are first needed, and again in a process forked off since.
  void run(int threads, int count, const std::function<void(int)>& task);

 private:
  // What the workers look at: the round in the upper half, below it the number of its tasks and the
  // next one to take, in one word so that no task can be taken of a round that is over.
  struct Shared {
    std::atomic<std::uint64_t> ticket{0};
    std::atomic<std::uint32_t> round{0};  // the same round, to sleep on
    std::atomic<int> done{0};
    std::atomic<bool> stopping{false};
    const std::function<void(int)>* task = nullptr;
  };

  void ensure(int workers);
  void dismiss();
  static void work(Shared& shared);
  static void take_tasks(Shared& shared);

  pid_t owner_ = -1;
  std::unique_ptr<Shared> shared_;
  std::vector<std::thread> workers_;
};

}  // namespace qwop::learner
