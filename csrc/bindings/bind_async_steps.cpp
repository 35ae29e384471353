// Steps of parts of a batch: what is sent is checked, what is received is named.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "batch/async_steps.hpp"
#include "bindings/arrays.hpp"
#include "bindings/engine_class.hpp"
#include "bindings/long_calls.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using batch::AsyncSteps;
using batch::BatchEngine;

template <class T>
T* rows_of(Array<T>& array, const BatchEngine& engine, const char* name, py::ssize_t width = 1) {
  if (array.size() == engine.options().games * width) return array.mutable_data();
  throw py::value_error(std::string(name) + " must have a row for each game");
}

// The steps together with the engine and the arrays that they work on, which are kept alive.
class BoundAsyncSteps {
 public:
  BoundAsyncSteps(py::object engine, Floats obs, Array<double> rewards, Mask terminated,
                  Mask truncated, std::vector<int> cores)
      : engine_object_(std::move(engine)),
        engine_(engine_object_.cast<BatchEngine&>()),
        obs_(std::move(obs)),
        rewards_(std::move(rewards)),
        terminated_(std::move(terminated)),
        truncated_(std::move(truncated)),
        actions_(static_cast<std::size_t>(engine_.options().games)),
        steps_(engine_, actions_.data(),
               {rows_of(obs_, engine_, "obs", env::kObservationSize),
                rows_of(rewards_, engine_, "rewards"), rows_of(terminated_, engine_, "terminated"),
                rows_of(truncated_, engine_, "truncated")},
               engine_.options().threads, std::move(cores)) {}

  void send(const Indices& env_ids, const Indices& actions) {
    const auto blocks = checked_blocks(span(env_ids));
    check_actions(span(env_ids), span(actions));
    const auto chosen = span(actions);
    without_lock([&](auto&) {
      const std::lock_guard turn(engine_.mutex());
      for (const int block : blocks) engine_.require_ready(block);
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        actions_[static_cast<std::size_t>(env_ids.data()[i])] = chosen[i];
      }
      steps_.send(blocks);
    });
  }

  Indices receive(py::ssize_t games) {
    const int size = engine_.games_per_block();
    if (games < 1 || games % size != 0) {
      throw py::value_error("games must be a multiple of " + std::to_string(size));
    }
    const int wanted = static_cast<int>(games / size);
    if (wanted > steps_.under_way()) {
      throw std::runtime_error(
          "recv() would wait for ever: " + std::to_string(steps_.under_way() * size) +
          " games are under way, batch_size is " + std::to_string(games));
    }
    const auto blocks = without_lock([&](auto& interrupt) {
      const std::lock_guard turn(engine_.mutex());
      return steps_.receive(wanted, interrupt);
    });
    Indices env_ids(games);
    auto* out = env_ids.mutable_data();
    for (const int block : blocks) {
      for (int lane = 0; lane < size; ++lane) *out++ = block * size + lane;
    }
    return env_ids;
  }

  py::ssize_t under_way() const { return steps_.under_way() * engine_.games_per_block(); }

 private:
  std::vector<int> checked_blocks(std::span<const std::int64_t> env_ids) const {
    const int size = engine_.games_per_block();
    std::vector<int> blocks;
    std::vector<bool> named(static_cast<std::size_t>(engine_.block_count()));
    for (std::size_t i = 0; i < env_ids.size(); ++i) {
      const auto game = env_ids[i];
      const auto lane = static_cast<std::int64_t>(i % size);
      const bool known = game >= 0 && game < engine_.options().games;
      const bool in_line = lane == 0 ? game % size == 0 : game == env_ids[i - 1] + 1;
      if (!known || !in_line || env_ids.size() % size != 0) {
        throw py::value_error("env_id must hold whole groups of " + std::to_string(size) +
                              " games as recv() returns them, each beginning at a multiple of " +
                              std::to_string(size));
      }
      if (lane != 0) continue;
      const auto block = static_cast<int>(game / size);
      if (named[static_cast<std::size_t>(block)] || steps_.under_way(block)) {
        throw py::value_error("game " + std::to_string(game) +
                              " is under way already; receive it before it is sent again");
      }
      named[static_cast<std::size_t>(block)] = true;
      blocks.push_back(block);
    }
    return blocks;
  }

  void check_actions(std::span<const std::int64_t> env_ids,
                     std::span<const std::int64_t> actions) const {
    if (actions.size() != env_ids.size()) {
      throw py::value_error("there must be an action for each of " +
                            std::to_string(env_ids.size()) + " games, got " +
                            std::to_string(actions.size()));
    }
    const auto count = static_cast<std::int64_t>(engine_.options().episode.action_keys.size());
    for (std::size_t i = 0; i < actions.size(); ++i) {
      if (actions[i] >= 0 && actions[i] < count) continue;
      throw py::value_error("actions must be in 0.." + std::to_string(count - 1) + ", got " +
                            std::to_string(actions[i]) + " for game " + std::to_string(env_ids[i]));
    }
  }

  py::object engine_object_;
  BatchEngine& engine_;
  Floats obs_;
  Array<double> rewards_;
  Mask terminated_, truncated_;
  std::vector<std::int64_t> actions_;
  AsyncSteps steps_;
};

}  // namespace

void bind_async_steps(py::module_& module) {
  using py::arg;
  EngineClass<BoundAsyncSteps>(
      module, "AsyncSteps",
      "Steps of parts of a batch, for QwopVectorEnv.send and recv.\n\n"
      "Args:\n    engine: its games; used for nothing else while some are under way.\n"
      "    obs: float32 (games, 60), written while games are under way, as the other arrays are.\n"
      "    cores: what the threads are bound to, in turn; empty for none.")
      .def(py::init<py::object, Floats, Array<double>, Mask, Mask, std::vector<int>>(),
           arg("engine"), py::kw_only(), arg("obs").noconvert(), arg("rewards").noconvert(),
           arg("terminated").noconvert(), arg("truncated").noconvert(),
           arg("cores") = std::vector<int>())
      .def("send", &BoundAsyncSteps::send, arg("env_ids").noconvert(), py::kw_only(),
           arg("actions").noconvert(), "Begins steps of whole blocks of games.")
      .def("receive", &BoundAsyncSteps::receive, py::kw_only(), arg("games"),
           "Waits for so many games and returns which they are.")
      .def_property_readonly("under_way", &BoundAsyncSteps::under_way,
                             "Games that were sent and not yet received.");
}

}  // namespace qwop::bindings
