#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>

#include "bindings/bound_pool.hpp"
#include "bindings/engine_class.hpp"
#include "support/instruction_set.hpp"

namespace py = pybind11;

namespace qwop::bindings {

void bind_pool(py::module_& module) {
  using py::arg;
  EngineClass<BoundPool>(module, "GamePool", "Many games without episodes, for searches.")
      .def(py::init<const game::Game&, py::ssize_t, py::ssize_t, const std::string&>(),
           arg("first"), py::kw_only(), arg("num_envs"), arg("num_threads") = 0,
           arg("instruction_set") = "")
      .def("expand", &BoundPool::expand, arg("source"), py::kw_only(), arg("parents").noconvert(),
           arg("keys").noconvert(), arg("frames"))
      .def("take", &BoundPool::take, arg("source"), py::kw_only(), arg("parents").noconvert())
      .def("step", &BoundPool::step, arg("keys").noconvert(), py::kw_only(), arg("frames"))
      .def("game", &BoundPool::game, arg("index"))
      .def("set_game", &BoundPool::set_game, arg("index"), arg("game"))
      .def("__len__", [](const BoundPool& p) { return p.pool().size(); })
      .def_property_readonly("bodies", [](const BoundPool& p) { return p.bodies; })
      .def_property_readonly("events", [](const BoundPool& p) { return p.events; })
      .def_property_readonly("frames", [](const BoundPool& p) { return p.frames; })
      .def_property_readonly("score", [](const BoundPool& p) { return p.score; })
      .def_property_readonly("num_threads", [](const BoundPool& p) { return p.pool().threads(); })
      .def_property_readonly("instruction_set", [](const BoundPool& p) {
        return support::to_string(p.pool().instruction_set());
      });
}

}  // namespace qwop::bindings
