// A pool of games with the arrays that show where they stand.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <mutex>
#include <span>
#include <string>

#include "batch/game_pool.hpp"
#include "bindings/arrays.hpp"
#include "bindings/long_calls.hpp"
#include "support/cpu.hpp"
#include "support/instruction_set.hpp"
#include "support/turns.hpp"

namespace qwop::bindings {

class BoundPool {
 public:
  BoundPool(const game::Game& first, pybind11::ssize_t num_envs, pybind11::ssize_t num_threads,
            const std::string& instruction_set)
      : bodies({checked("num_envs", num_envs, 1, 1'000'000), pybind11::ssize_t{game::kPartCount},
                pybind11::ssize_t{batch::kPoolPartValues}}),
        events(num_envs),
        frames(num_envs),
        score(num_envs),
        pool_(first, static_cast<int>(num_envs),
              num_threads == 0 ? support::usable_cores()
                               : static_cast<int>(checked("num_threads", num_threads, 0, 1024)),
              support::choose_instruction_set(instruction_set)) {
    std::ranges::fill_n(bodies.mutable_data(), bodies.size(), 0.0);
    std::ranges::fill_n(events.mutable_data(), num_envs, std::uint8_t{0});
    std::ranges::fill_n(frames.mutable_data(), num_envs, 0);
    std::ranges::fill_n(score.mutable_data(), num_envs, 0.0);
  }

  void expand(BoundPool& source, const Array<std::int32_t>& parents,
              const Array<std::uint8_t>& keys, pybind11::ssize_t count) {
    const auto chosen = checked_parents(source, parents);
    const auto held = checked_keys(keys);
    if (chosen.size() != held.size()) {
      throw pybind11::value_error("parents and keys must be of the same length, got " +
                                  std::to_string(chosen.size()) + " and " +
                                  std::to_string(held.size()));
    }
    const int updates = checked_frames(count);
    const auto shown = view();
    without_lock([&](auto& interrupt) {
      const std::scoped_lock turn(mutex_, source.mutex_);
      pool_.expand(source.pool_, chosen, held, updates, shown, interrupt);
    });
  }

  void take(BoundPool& source, const Array<std::int32_t>& parents) {
    const auto chosen = checked_parents(source, parents);
    const auto shown = view();
    without_lock([&](auto&) {
      const std::scoped_lock turn(mutex_, source.mutex_);
      pool_.take(source.pool_, chosen, shown);
    });
  }

  void step(const Array<std::uint8_t>& keys, pybind11::ssize_t count) {
    const auto held = checked_keys(keys);
    const int updates = checked_frames(count);
    const auto shown = view();
    without_lock([&](auto& interrupt) {
      const std::scoped_lock turn(mutex_);
      pool_.step(held, updates, shown, interrupt);
    });
  }

  game::Game game(pybind11::ssize_t index) {
    const int chosen = static_cast<int>(checked("index", index, 0, pool_.size() - 1));
    return without_lock([&](auto&) {
      const std::scoped_lock turn(mutex_);
      return game::Game(pool_.game(chosen));
    });
  }
  void set_game(pybind11::ssize_t index, const game::Game& game) {
    const int target = static_cast<int>(checked("index", index, 0, pool_.size() - 1));
    if (pool_.flavor() != game.flavor()) {
      throw pybind11::value_error("the game's sincos flavor is not the pool's");
    }
    const auto shown = view();
    const game::Game given = game;  // whose own lock is the interpreter's
    without_lock([&](auto&) {
      const std::scoped_lock turn(mutex_);
      pool_.set(target, given, shown);
    });
  }

  const batch::GamePool& pool() const { return pool_; }
  batch::GamePool& pool() { return pool_; }
  support::Turns& turns() { return mutex_; }
  batch::PoolView view() {
    return {bodies.mutable_data(), events.mutable_data(), frames.mutable_data(),
            score.mutable_data()};
  }

  Array<double> bodies;
  Array<std::uint8_t> events;
  Array<std::int32_t> frames;
  Array<double> score;

 private:
  static pybind11::ssize_t checked(const char* name, pybind11::ssize_t value, pybind11::ssize_t low,
                                   pybind11::ssize_t high) {
    if (value >= low && value <= high) return value;
    throw pybind11::value_error(std::string(name) + " must be in " + std::to_string(low) + ".." +
                                std::to_string(high) + ", got " + std::to_string(value));
  }
  static int checked_frames(pybind11::ssize_t frames) {
    return static_cast<int>(checked("frames", frames, 0, 1'000'000));
  }

  std::span<const std::int32_t> checked_parents(BoundPool& source,
                                                const Array<std::int32_t>& parents) const {
    if (&source == this) throw pybind11::value_error("source must be another pool");
    if (source.pool_.flavor() != pool_.flavor()) {
      throw pybind11::value_error("source must have the same sincos flavor");
    }
    const auto chosen = rows(parents, "parents");
    for (const auto parent : chosen) checked("each of parents", parent, 0, source.pool_.size() - 1);
    return chosen;
  }
  std::span<const game::KeyMask> checked_keys(const Array<std::uint8_t>& keys) const {
    const auto held = rows(keys, "keys");
    for (const auto mask : held) checked("each of keys", mask, 0, game::kAllKeys);
    return held;
  }
  template <class T>
  std::span<const T> rows(const Array<T>& array, const char* name) const {
    if (array.ndim() == 1 && array.shape(0) <= pool_.size()) {
      return {array.data(), static_cast<std::size_t>(array.shape(0))};
    }
    throw pybind11::value_error(std::string(name) + " must have shape (n,) with n at most " +
                                std::to_string(pool_.size()));
  }

  batch::GamePool pool_;
  support::Turns mutex_;
};

}  // namespace qwop::bindings
