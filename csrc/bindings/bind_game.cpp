#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>

#include "bindings/engine_class.hpp"
#include "bindings/long_calls.hpp"
#include "env/episode_tracker.hpp"
#include "game/game.hpp"
#include "game/snapshot.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using game::Game;

// Python's integers are unbounded, so ranges are checked before they are narrowed.
std::int64_t checked_count(const char* name, py::ssize_t value) {
  if (value >= 0) return value;
  throw py::value_error(std::string(name) + " must be 0 or more, got " + std::to_string(value));
}

game::KeyMask checked_keys(py::ssize_t keys) {
  if (keys >= 0 && keys <= game::kAllKeys) return static_cast<game::KeyMask>(keys);
  throw py::value_error("keys must be a mask of Q=1, W=2, O=4, P=8 (0 to 15), got " +
                        std::to_string(keys));
}

// The interpreter's lock is kept: a game is no larger than a list, and as safe from other threads.
// A long step stops for them and for signals ten times a second, between two updates.

void start(Game& game, py::ssize_t idle_frames) {
  const auto count = checked_count("idle_frames", idle_frames);
  if (game.started()) throw py::value_error("the game has been started before; use reset()");
  Signals signals;
  for (std::int64_t i = 0; i < count; ++i) {
    game.update();
    if (signals.stopped_after(i)) signals.rethrow();
  }
  game.click();
}

py::ssize_t step(Game& game, py::ssize_t keys, py::ssize_t frames, bool after_end) {
  const auto mask = checked_keys(keys);
  const auto count = checked_count("frames", frames);
  if (!game.started()) {
    throw py::value_error("the intro screen is up; call start() before step()");
  }
  if (game.status().ended && !after_end) {
    throw py::value_error("the game has ended; call reset(), or pass after_end=True to go on");
  }
  game.hold(mask);
  Signals signals;
  for (std::int64_t i = 0; i < count; ++i) {
    game.update();
    if (game.status().ended && !after_end) return i + 1;
    if (signals.stopped_after(i)) signals.rethrow();
  }
  return count;
}

void tick(Game& game, double seconds) {
  if (!(seconds >= 0.0 && seconds <= 1.0)) {
    throw py::value_error("seconds must be from 0 to 1, got " + std::to_string(seconds));
  }
  if (!game.started()) {
    throw py::value_error("the intro screen is up; call start() before tick()");
  }
  game.update(seconds);
}

void write_row(double* row, const physics::Body& body) {
  row[0] = body.pose.center.x;
  row[1] = body.pose.center.y;
  row[2] = body.pose.angle;
  row[3] = body.velocity.linear.x;
  row[4] = body.velocity.linear.y;
  row[5] = body.velocity.angular;
}

template <std::size_t n>
py::array_t<double> body_rows(const Game& game, const std::array<int, n>& indices) {
  py::array_t<double> rows({static_cast<py::ssize_t>(n), py::ssize_t{6}});
  for (std::size_t i = 0; i < n; ++i) {
    write_row(rows.mutable_data(static_cast<py::ssize_t>(i), 0), game.body(indices[i]));
  }
  return rows;
}

std::string_view as_view(const py::bytes& bytes) { return bytes; }

void bind_state(EngineClass<Game>& cls) {
  cls.def_property_readonly(
         "bodies", [](const Game& g) { return body_rows(g, game::kReportedParts); },
         "float64 (12, 6): x, y (world units, ten to a meter, +y down), angle (rad), vx, vy\n"
         "(units/s) and angular velocity (rad/s) of torso, head, leftArm, leftCalf, leftFoot,\n"
         "leftForearm, leftThigh, rightArm, rightCalf, rightFoot, rightForearm, rightThigh.\n"
         "A fresh copy at each read.")
      .def_property_readonly(
          "hurdle",
          [](const Game& g) {
            return body_rows(g, std::array{int{game::kHurdleBase}, int{game::kHurdleTop}});
          },
          "float64 (2, 6): the hurdle's base and top, columns as in bodies.")
      .def_property_readonly("head_torque", &Game::head_torque,
                             "Torque that holds the head up; it adds up from update to update.")
      .def_property_readonly("score_time", &Game::score_time,
                             "The game's clock in seconds: 1/30 an update until the game ends.")
      .def_property_readonly(
          "score", [](const Game& g) { return g.status().score; },
          "Meters in tenths, as the game shows them.")
      .def_property_readonly(
          "high_score", [](const Game& g) { return g.status().high_score; },
          "Best score since the page was loaded.")
      .def_property_readonly(
          "fallen", [](const Game& g) { return g.status().fallen; },
          "Whether head or arms have touched the ground.")
      .def_property_readonly(
          "jumped", [](const Game& g) { return g.status().jumped; },
          "Whether the left foot came down close enough to the sand pit to jump.")
      .def_property_readonly(
          "jump_landed", [](const Game& g) { return g.status().jump_landed; },
          "Whether the jump into the sand has landed: 100 m are done.")
      .def_property_readonly(
          "game_ended", [](const Game& g) { return g.status().ended; },
          "Whether the game is over, by a fall or by a landing.")
      .def_property_readonly("started", &Game::started, "Whether the intro screen is gone.")
      .def_property_readonly("frames", &Game::frames,
                             "Updates since the click or since the last reset, whose own update\n"
                             "counts, up to the end of the game: what its clock has counted.")
      .def_property_readonly(
          "keys", [](const Game& g) { return static_cast<int>(g.held_keys()); },
          "Mask of the keys that are down.")
      .def_property_readonly("camera_x", &Game::camera_x,
                             "Left edge of the camera in pixels; the ground lies under it.")
      .def_property_readonly(
          "sincos", [](const Game& g) { return std::string(to_string(g.flavor())); },
          "Flavor of sine and cosine: 'glibc', 'glibc-fma' or 'fdlibm'.");
}

void bind_copies(EngineClass<Game>& cls) {
  cls.def(
         "snapshot", [](const Game& g) { return py::bytes(game::snapshot(g)); },
         "The whole game as bytes, exactly.")
      .def(
          "restore", [](Game& g, const py::bytes& bytes) { game::restore(g, as_view(bytes)); },
          py::arg("snapshot"),
          "Puts the game into the state of a snapshot.\n\n"
          "Raises:\n    ValueError: not a snapshot, damaged, of another version or of a game\n"
          "        with another sincos. The game is left as it was.")
      .def("state_hash", &game::state_hash, "64-bit fingerprint of the whole state, as an int.")
      .def(
          "copy", [](const Game& g) { return Game(g); }, "An independent game in the same state.")
      .def("__copy__", [](const Game& g) { return Game(g); })
      .def(
          "__deepcopy__", [](const Game& g, const py::dict&) { return Game(g); }, py::arg("memo"))
      .def(py::pickle([](const Game& g) { return py::bytes(game::snapshot(g)); },
                      [](const py::bytes& bytes) {
                        Game g(game::snapshot_flavor(as_view(bytes)));
                        game::restore(g, as_view(bytes));
                        return g;
                      }))
      // Python's own way for pickle's protocols 0 and 1 ends the process: it makes a bare instance
      // of pybind11's base class. This serves every protocol.
      .def("__reduce__", [](const py::object& self) {
        const auto new_object = py::module_::import("copyreg").attr("__newobj__");
        return py::make_tuple(new_object, py::make_tuple(py::type::of(self)),
                              self.attr("__getstate__")());
      });
}

}  // namespace

void bind_game(py::module_& module) {
  py::register_exception_translator([](std::exception_ptr p) {
    try {
      if (p) std::rethrow_exception(p);
    } catch (const game::SnapshotError& e) {
      PyErr_SetString(PyExc_ValueError, e.what());
    }
  });
  EngineClass<Game> cls(module, "Game",
                        "One game of QWOP in one browser page, every bit as the real one.\n\n"
                        "Args:\n    sincos: which browser's sine and cosine: 'glibc' (Chrome and\n"
                        "        other Chromium built the upstream way), 'glibc-fma' (Debian's\n"
                        "        Chromium) or 'fdlibm'.");
  cls.def(py::init([](const std::string& sincos) { return Game(parse_sincos_flavor(sincos)); }),
          py::arg("sincos") = std::string(to_string(game::kDefaultSinCos)));
  cls.def("start", &start, py::arg("idle_frames") = 1,
          "Lets the intro screen stand for some updates, then clicks it away.\n\n"
          "Raises:\n    ValueError: started before, or idle_frames is negative.")
      .def("reset", &Game::reset,
           "The game's own restart. Includes one update, which sees the keys that are down.")
      .def("step", &step, py::arg("keys"), py::arg("frames") = 1, py::arg("after_end") = false,
           "Makes up to `frames` updates with these keys down.\n\n"
           "Args:\n    keys: mask of Q=1, W=2, O=4, P=8; they stay down afterwards.\n"
           "    frames: how many updates; stops when the game ends.\n"
           "    after_end: go on after the end, as the game does.\n\n"
           "Returns:\n    Updates made.\n\n"
           "Raises:\n    ValueError: keys or frames out of range, intro screen up, or the game\n"
           "        has ended and after_end is not set.")
      .def("tick", &tick, py::arg("seconds") = env::kEngineTick,
           "Makes one update that adds `seconds` instead of 1/30 s to the game's clock, as\n"
           "qwop-gym does after loading and after each reset. Keys stay as they are.\n\n"
           "Raises:\n    ValueError: seconds not from 0 to 1, or the intro screen is up.")
      .def("release", [](Game& g) { g.hold(0); }, "Lets go of all keys.");
  bind_state(cls);
  bind_copies(cls);
}

}  // namespace qwop::bindings
