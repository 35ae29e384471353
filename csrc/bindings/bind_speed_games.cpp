// Games that reward speed, and the kept games that they start from: arrays in, arrays out.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "bindings/arrays.hpp"
#include "bindings/bit_generator.hpp"
#include "bindings/bound_pool.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/long_calls.hpp"
#include "env/observation.hpp"
#include "learner/check_size.hpp"
#include "rollout/snapshot_buckets.hpp"
#include "rollout/speed_games.hpp"
#include "support/turns.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using Games = std::vector<game::Game>;

template <class T>
Array<T> array_of(std::span<const T> values) {
  return Array<T>(static_cast<py::ssize_t>(values.size()), values.data());
}
template <class T>
std::vector<T> vector_of(const Array<T>& values) {
  const auto all = span(values);
  return {all.begin(), all.end()};
}

class BoundBuckets {
  template <class Work>
  auto in_turn(Work&& work) {
    return without_lock([&](auto&) {
      const std::scoped_lock turn(turns_);
      return work();
    });
  }

 public:
  BoundBuckets(double units, std::int64_t size) : buckets_(units, size) {}

  std::int64_t kept() {
    return in_turn([&] { return buckets_.kept(); });
  }
  void died(const Array<double>& places) {
    const auto all = vector_of(places);
    in_turn([&] { buckets_.died(all); });
  }
  void add(const py::capsule& generator, double x, const game::Game& game) {
    const auto& source = bit_generator(generator);
    const game::Game given = game;  // whose own lock is the interpreter's
    in_turn([&] { buckets_.add(source, x, given); });
  }
  py::list draw(const py::capsule& generator, py::ssize_t count) {
    if (count < 0) throw py::value_error("count must be 0 or more");
    const auto& source = bit_generator(generator);
    std::vector<std::unique_ptr<game::Game>> drawn(static_cast<std::size_t>(count));
    in_turn([&] {
      std::vector<const game::Game*> kept(drawn.size());
      buckets_.draw(source, kept);
      std::ranges::transform(kept, drawn.begin(), [](const auto* game) {
        return game ? std::make_unique<game::Game>(*game) : nullptr;
      });
    });
    py::list found;
    for (auto& game : drawn) found.append(game ? py::cast(std::move(*game)) : py::none());
    return found;
  }
  std::pair<rollout::SnapshotBuckets::Games, Array<double>> state() {
    auto [games, deaths] = in_turn([&] {
      return std::pair(buckets_.games(),
                       std::vector(buckets_.deaths().begin(), buckets_.deaths().end()));
    });
    return {std::move(games), array_of<double>(deaths)};
  }
  void restore(rollout::SnapshotBuckets::Games games, const Array<double>& deaths) {
    const auto all = vector_of(deaths);
    in_turn([&] { buckets_.restore(std::move(games), all); });
  }

  rollout::SnapshotBuckets& native() { return buckets_; }
  support::Turns& turns() { return turns_; }

 private:
  rollout::SnapshotBuckets buckets_;
  support::Turns turns_;
};

// The games together with pool and buckets, which they keep alive.
class BoundSpeedGames {
  template <class Work>
  auto in_turn(Work&& work) {
    return without_lock([&](auto& interrupt) {
      const std::scoped_lock turn(pool_.turns(), buckets_.turns());
      return work(interrupt);
    });
  }

 public:
  BoundSpeedGames(py::object pool, py::object buckets, Games lines,
                  rollout::SpeedGamesOptions options)
      : pool_object_(std::move(pool)),
        buckets_object_(std::move(buckets)),
        pool_(pool_object_.cast<BoundPool&>()),
        buckets_(buckets_object_.cast<BoundBuckets&>()),
        games_(pool_.pool(), pool_.view(), buckets_.native(), std::move(lines),
               std::move(options)) {}

  void reset(const py::capsule& generator) {
    const auto& source = bit_generator(generator);
    in_turn([&](auto&) { games_.reset(source); });
  }
  Floats observe() {
    Floats observations({py::ssize_t{games_.size()}, py::ssize_t{env::kObservationSize}});
    const auto to = mutable_span(observations);
    in_turn([&](auto&) { games_.observe(to); });
    return observations;
  }
  py::tuple step(const py::capsule& generator, const Indices& actions) {
    const auto& source = bit_generator(generator);
    const py::ssize_t count = games_.size();
    Floats observations({count, py::ssize_t{env::kObservationSize}}), rewards(count);
    Mask dones(count);
    const auto chosen = span(actions);
    const rollout::SpeedStep out{mutable_span(observations), mutable_span(rewards),
                                 mutable_span(dones)};
    const auto ended =
        in_turn([&](auto& interrupt) { return games_.step(source, chosen, out, interrupt); });
    return py::make_tuple(std::move(observations), std::move(rewards), std::move(dones),
                          rows(ended));
  }
  double time_cost() {
    return in_turn([&](auto&) { return games_.time_cost(); });
  }
  py::dict state() {
    const auto state = in_turn([&](auto&) { return games_.state(); });
    const py::ssize_t count = games_.size();
    Array<double> recent({std::ssize(state.recent) / count, count});
    std::ranges::copy(state.recent, recent.mutable_data());
    Mask from_line(count);
    std::ranges::copy(state.from_line, from_line.mutable_data());
    py::dict found;
    found["recent"] = recent;
    found["steps"] = array_of<std::int64_t>(state.steps);
    found["returns"] = array_of<double>(state.returns);
    found["from_line"] = from_line;
    found["time_cost"] = state.time_cost;
    found["pace"] = state.pace;
    return found;
  }
  void restore(const Array<double>& recent, const Indices& steps, const Array<double>& returns,
               const Mask& from_line, double time_cost, double pace) {
    const auto began = span(from_line);
    rollout::SpeedGamesState state{vector_of(recent),  vector_of(steps),
                                   vector_of(returns), {began.begin(), began.end()},
                                   time_cost,          pace};
    in_turn([&](auto&) { games_.restore(std::move(state)); });
  }

 private:
  static py::object rows(const rollout::EndedEpisodes& ended) {
    if (ended.games.empty()) return py::none();
    Floats last({std::ssize(ended.games), std::ptrdiff_t{env::kObservationSize}});
    std::ranges::copy(ended.observations, last.mutable_data());
    py::list facts;
    for (std::size_t i = 0; i < ended.games.size(); ++i) {
      facts.append(py::make_tuple(ended.games[i], ended.frames[i], ended.distances[i],
                                  ended.finished[i] != 0, ended.from_line[i] != 0, ended.returns[i],
                                  ended.steps[i]));
    }
    return py::make_tuple(facts, last);
  }

  py::object pool_object_, buckets_object_;
  BoundPool& pool_;
  BoundBuckets& buckets_;
  rollout::SpeedGames games_;
};

std::unique_ptr<BoundSpeedGames> make_games(
    py::object pool, py::object buckets, Games lines, std::vector<game::KeyMask> action_keys,
    int frames_per_step, double reward_scale, double time_cost, double time_cost_share,
    double finish_reward, double fall_steps, double slow_units, std::int64_t slow_steps,
    double snapshot_starts, double random_key_starts, std::int64_t random_frames,
    double snapshot_chance, std::int64_t snapshot_after) {
  rollout::SpeedGamesOptions options{.action_keys = std::move(action_keys),
                                     .frames_per_step = frames_per_step,
                                     .reward_scale = reward_scale,
                                     .time_cost = time_cost,
                                     .time_cost_share = time_cost_share,
                                     .finish_reward = finish_reward,
                                     .fall_steps = fall_steps,
                                     .slow_units = slow_units,
                                     .slow_steps = slow_steps,
                                     .snapshot_starts = snapshot_starts,
                                     .random_key_starts = random_key_starts,
                                     .random_frames = random_frames,
                                     .snapshot_chance = snapshot_chance,
                                     .snapshot_after = snapshot_after};
  return std::make_unique<BoundSpeedGames>(std::move(pool), std::move(buckets), std::move(lines),
                                           std::move(options));
}

void bind_buckets(py::module_& module) {
  using py::arg;
  EngineClass<BoundBuckets>(module, "SnapshotBuckets",
                            "Games under way, sorted by place, drawn where runners die.")
      .def(py::init<double, std::int64_t>(), py::kw_only(), arg("units"), arg("size"))
      .def("__len__", &BoundBuckets::kept)
      .def("died", &BoundBuckets::died, arg("places"))
      .def("add", &BoundBuckets::add, arg("generator"), py::kw_only(), arg("x"), arg("game"))
      .def("draw", &BoundBuckets::draw, arg("generator"), py::kw_only(), arg("count"))
      .def("state", &BoundBuckets::state, "Copies of all games, and the weights of deaths.")
      .def("restore", &BoundBuckets::restore, py::kw_only(), arg("games"), arg("deaths"));
}

}  // namespace

void bind_speed_games(py::module_& module) {
  using py::arg;
  bind_buckets(module);
  EngineClass<BoundSpeedGames>(module, "SpeedGames",
                               "The games of a pool, rewarded for pace, started where runners die.")
      .def(py::init(&make_games), arg("pool"), arg("buckets"), py::kw_only(), arg("lines"),
           arg("action_keys"), arg("frames_per_step"), arg("reward_scale"), arg("time_cost"),
           arg("time_cost_share"), arg("finish_reward"), arg("fall_steps"), arg("slow_units"),
           arg("slow_steps"), arg("snapshot_starts"), arg("random_key_starts"),
           arg("random_frames"), arg("snapshot_chance"), arg("snapshot_after"))
      .def("reset", &BoundSpeedGames::reset, arg("generator"))
      .def("observe", &BoundSpeedGames::observe)
      .def("step", &BoundSpeedGames::step, arg("generator"), py::kw_only(),
           arg("actions").noconvert(),
           "Presses keys and plays.\n\n"
           "Returns:\n    Observations, rewards, dones, and None or, of the episodes that ended,\n"
           "    (game, frames, meters, finished, begun at the line, return, steps) of each, and\n"
           "    their last observations.")
      .def_property_readonly("time_cost", &BoundSpeedGames::time_cost)
      .def("state", &BoundSpeedGames::state)
      .def("restore", &BoundSpeedGames::restore, py::kw_only(), arg("recent"), arg("steps"),
           arg("returns"), arg("from_line"), arg("time_cost"), arg("pace"));
}

}  // namespace qwop::bindings
