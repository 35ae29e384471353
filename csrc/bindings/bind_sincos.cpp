#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <string>

#include "bindings/engine_class.hpp"
#include "bindings/long_calls.hpp"
#include "game/game_facts.hpp"
#include "libm/sincos.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

// Largest argument of which all flavors are exact: far beyond any angle a body can reach.
constexpr double kDomain = 1e5;

using DoubleArray = py::array_t<double, py::array::c_style | py::array::forcecast>;

py::tuple sincos_of(const DoubleArray& x, const std::string& flavor_name) {
  const auto flavor = parse_sincos_flavor(flavor_name);
  const auto* in = x.data();
  for (py::ssize_t i = 0; i < x.size(); ++i) {
    if (!(lanes::abs(in[i]) <= kDomain)) {
      throw py::value_error("x must be finite and within +-1e5, got " + std::to_string(in[i]));
    }
  }
  const std::vector<py::ssize_t> shape(x.shape(), x.shape() + x.ndim());
  py::array_t<double> sine(shape), cosine(shape);
  auto* s = sine.mutable_data();
  auto* c = cosine.mutable_data();
  const auto count = x.size();
  without_lock([&](auto& interrupt) {
    for (py::ssize_t i = 0; i < count && !interrupt.stopped_after(i); ++i) {
      const auto r = sincos(flavor, in[i]);
      s[i] = r.sin;
      c[i] = r.cos;
    }
  });
  return py::make_tuple(sine, cosine);
}

}  // namespace

void bind_sincos(py::module_& module) {
  define(module, "sincos", &sincos_of, py::arg("x"),
         py::arg("flavor") = std::string(to_string(game::kDefaultSinCos)),
         "Sine and cosine of x (radians, within +-1e5) as the engine computes them.\n\n"
         "Args:\n    x: array of float64.\n    flavor: 'glibc', 'glibc-fma' or 'fdlibm'.\n\n"
         "Returns:\n    Two float64 arrays of x's shape.\n\n"
         "Raises:\n    ValueError: x out of range or an unknown flavor.");
}

}  // namespace qwop::bindings
