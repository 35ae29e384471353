#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "bindings/engine_class.hpp"
#include "render/canvas.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using render::Canvas;
using render::Paint;
using render::Point;

Canvas make(py::ssize_t width, py::ssize_t height) {
  constexpr py::ssize_t kMost = 8192;
  if (width < 1 || height < 1 || width > kMost || height > kMost) {
    throw py::value_error("a picture must be 1 to 8192 pixels wide and high, got " +
                          std::to_string(width) + " x " + std::to_string(height));
  }
  return {static_cast<int>(width), static_cast<int>(height)};
}

float checked_size(double size) {
  const auto value = static_cast<float>(size);
  if (!std::isfinite(value)) throw py::value_error("shapes must have finite sizes and places");
  return value;
}

Point checked(std::pair<double, double> at) {
  return {checked_size(at.first), checked_size(at.second)};
}

Paint paint(std::uint32_t color, double alpha) {
  if (!(alpha >= 0.0 && alpha <= 1.0)) throw py::value_error("alpha must be from 0 to 1");
  return {color, static_cast<float>(alpha)};
}

py::array_t<std::uint8_t> pixels(const Canvas& canvas) {
  py::array_t<std::uint8_t> copy(
      {py::ssize_t{canvas.height()}, py::ssize_t{canvas.width()}, py::ssize_t{3}});
  std::copy(canvas.pixels().begin(), canvas.pixels().end(), copy.mutable_data());
  return copy;
}

}  // namespace

void bind_canvas(py::module_& module) {
  using At = std::pair<double, double>;  // narrowed in the engine's float mode
  EngineClass<Canvas>(module, "Canvas",
                      "An anti-aliased canvas; places and radii in pixels, colors 0xRRGGBB.")
      .def(py::init(&make), py::arg("width"), py::arg("height"))
      .def(
          "gradient",
          [](Canvas& c, At low, At high, std::uint32_t upper, std::uint32_t lower, double alpha) {
            c.gradient(checked(low), checked(high), paint(upper, alpha), paint(lower, alpha));
          },
          py::arg("upper_left"), py::arg("lower_right"), py::arg("upper"), py::arg("lower"),
          py::arg("alpha") = 1.0,
          "A rectangle whose color goes from one at its upper edge to another at its lower.")
      .def(
          "capsule",
          [](Canvas& c, At a, double radius_a, At b, double radius_b, std::uint32_t color,
             double alpha) {
            c.capsule(checked(a), checked_size(radius_a), checked(b), checked_size(radius_b),
                      paint(color, alpha));
          },
          py::arg("a"), py::arg("radius_a"), py::arg("b"), py::arg("radius_b"), py::arg("color"),
          py::arg("alpha") = 1.0, "Two circles and what lies between them.")
      .def(
          "polygon",
          [](Canvas& c, const std::vector<At>& corners, double radius, std::uint32_t color,
             double alpha) {
            std::vector<Point> points;
            for (const At& corner : corners) points.push_back(checked(corner));
            c.polygon(points, checked_size(radius), paint(color, alpha));
          },
          py::arg("corners"), py::arg("radius"), py::arg("color"), py::arg("alpha") = 1.0,
          "A simple polygon, grown on all sides by a radius.")
      .def("pixels", &pixels, "uint8 (height, width, 3): a copy of the picture.");
}

}  // namespace qwop::bindings
