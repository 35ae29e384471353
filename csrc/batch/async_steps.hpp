// Steps of parts of a batch: games are sent with their actions and received when they are done, so
// that whoever chooses actions works while other games move.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "batch/batch_engine.hpp"
#include "support/interrupt.hpp"

namespace qwop::batch {

// Blocks of games, the unit of SIMD work, are what is sent and received. Nothing a game computes
// depends on when its block is stepped or beside which. One caller at a time; the engine must
// outlive this and is used for nothing else while a block is under way: sent and not yet received.
class AsyncSteps {
 public:
  // Results go to the rows of `out`, actions are read from the rows of `actions`, one for each game
  // of the engine. threads workers are started, on first use and again in a process that was forked
  // off since; worker i is bound to core i of `cores`, in turn, unless there are none.
  AsyncSteps(BatchEngine& engine, const std::int64_t* actions, const StepOutput& out, int threads,
             std::vector<int> cores);
  ~AsyncSteps();
  AsyncSteps(const AsyncSteps&) = delete;
  AsyncSteps& operator=(const AsyncSteps&) = delete;

  // Blocks must be ready and not under way. Throws std::runtime_error, with nothing sent, if the
  // system refuses the threads or blocks were left behind in a process that this was forked from.
  void send(std::span<const int> blocks);
  // Waits for so many blocks and returns them in the order in which they were done; none if it was
  // interrupted. Throws std::logic_error where fewer are under way, std::runtime_error where
  // they were left behind.
  std::vector<int> receive(int count, support::Interrupt& interrupt);

  bool under_way(int block) const { return sent_[static_cast<std::size_t>(block)]; }
  int under_way() const { return count_; }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable work, done;
    std::deque<int> waiting, finished;
    bool stopping = false;
  };

  void require_here() const;
  void ensure_workers();
  void dismiss();
  void work(Shared& shared);

  BatchEngine& engine_;
  const std::int64_t* actions_;
  StepOutput out_;
  int threads_;
  std::vector<int> cores_;
  std::vector<bool> sent_;  // the caller's own: no worker looks at it
  int count_ = 0;
  std::uint32_t process_ = 0;  // fork_count() where the workers were started
  std::unique_ptr<Shared> shared_;
  std::vector<std::thread> workers_;
};

}  // namespace qwop::batch
