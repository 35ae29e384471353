// Every task of every round runs once, whatever the number of threads and tasks, and workers are
// started anew in a forked process.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "support/thread_pool.hpp"

#if defined(__unix__)
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace {

using qwop::support::ThreadPool;

int failures = 0;

void check_round(ThreadPool& pool, int count) {
  std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
  pool.run(count, [&](int i) { ++runs[static_cast<std::size_t>(i)]; });
  for (const auto& times : runs) {
    if (times == 1) continue;
    std::printf("%d threads, %d tasks: a task ran %d times\n", pool.threads(), count, times.load());
    ++failures;
    return;
  }
}

void check_rounds(ThreadPool& pool) {
  for (const int threads : {1, 2, 4, 3}) {
    pool.set_threads(threads);
    for (const int count : {0, 1, 2, 7, 1000, 200'000}) check_round(pool, count);
    for (int i = 0; i < 2000; ++i) check_round(pool, 5);
  }
}

// Long enough that whoever waits goes to sleep.
void check_sleepers(ThreadPool& pool) {
  const auto rest = std::chrono::milliseconds(2);
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> done = 0;
    pool.run(2, [&](int task) {
      if (task == 1) std::this_thread::sleep_for(rest);
      ++done;
    });
    if (done != 2) ++failures, std::printf("a round ended with %d of 2 tasks done\n", done.load());
    std::this_thread::sleep_for(rest);
  }
}

// Sanitizers cannot follow threads into a forked process.
void check_fork([[maybe_unused]] ThreadPool& pool) {
#if defined(__unix__) && !defined(__SANITIZE_THREAD__)
  const pid_t child = fork();
  if (child == 0) {
    check_round(pool, 100);
    _exit(failures == 0 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::printf("the pool does not work in a forked process\n");
    ++failures;
  }
  check_round(pool, 100);
#endif
}

}  // namespace

int main() {
  ThreadPool pool(3);
  check_rounds(pool);
  check_sleepers(pool);
  check_fork(pool);
  std::printf("%d failures\n", failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
