#include <pybind11/pybind11.h>

#include <string>

#include "bindings/arrays.hpp"
#include "bindings/engine_class.hpp"
#include "learner/segment_tree.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

using learner::SegmentTree;
// Only read, so that a converted copy is as good.
using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;

std::span<const double> numbers(const Doubles& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

SegmentTree make(std::ptrdiff_t size, const std::string& operation) {
  if (operation == "sum") return {size, SegmentTree::Operation::kSum};
  if (operation == "minimum") return {size, SegmentTree::Operation::kMinimum};
  throw py::value_error("operation must be 'sum' or 'minimum', got '" + operation + "'");
}

const char* operation_of(const SegmentTree& tree) {
  return tree.operation() == SegmentTree::Operation::kSum ? "sum" : "minimum";
}

Doubles get(const SegmentTree& tree, const Indices& indices) {
  Doubles values(indices.size());
  tree.get(span(indices), values.mutable_data());
  return values;
}

Indices find(const SegmentTree& tree, const Doubles& sums) {
  Indices indices(sums.size());
  tree.find(numbers(sums), indices.mutable_data());
  return indices;
}

Indices draw(const SegmentTree& tree, const Doubles& uniforms) {
  Indices indices(uniforms.size());
  tree.draw(numbers(uniforms), indices.mutable_data());
  return indices;
}

Doubles values_of(const SegmentTree& tree) {
  return Doubles(tree.size(), tree.values().data());  // a copy
}

py::tuple state_of(const SegmentTree& tree) {
  return py::make_tuple(operation_of(tree), values_of(tree));
}

SegmentTree tree_from(const py::tuple& state) {
  if (state.size() != 2) throw py::value_error("this is no pickled SegmentTree");
  const auto values = state[1].cast<Doubles>();
  SegmentTree tree = make(values.size(), state[0].cast<std::string>());
  tree.assign(numbers(values));
  return tree;
}

}  // namespace

void bind_segment_tree(py::module_& module) {
  using py::arg;
  EngineClass<SegmentTree>(
      module, "SegmentTree",
      "A binary tree over numbers, each node the sum or the minimum of its children.\n\n"
      "Args:\n    size: how many numbers.\n"
      "    operation: 'sum', of numbers that are 0 at first, or 'minimum', of infinite ones.\n\n"
      "Raises:\n    ValueError: a size below 1 or another operation.")
      .def(py::init(&make), arg("size"), arg("operation") = "sum")
      .def("__len__", &SegmentTree::size)
      .def("__getitem__", &get, arg("indices"), "The numbers at indices, int64 (n,).")
      .def(
          "set",
          [](SegmentTree& tree, const Indices& indices, const Doubles& values) {
            tree.set(span(indices), numbers(values));
          },
          arg("indices"), arg("values"),
          "Changes the numbers at indices, int64 (n,), to values, float64 (n,), or all to one.\n"
          "Of an index that is there twice the last value stays.\n\n"
          "Raises:\n    ValueError: an index that is not there, or a value below 0 or not finite;\n"
          "        nothing is changed then.")
      .def("find", &find, arg("sums"),
           "Where the running sum first exceeds each of sums, float64 (n,); the last number that\n"
           "is not 0 where it never does. A number that is 0 is never found.")
      .def("draw", &draw, arg("uniforms"),
           "Draws in proportion to the numbers, one from each of n equal parts of their sum.\n\n"
           "Args:\n    uniforms: from 0 to below 1, float64 (n,).\n\n"
           "Returns:\n    Indices, int64 (n,); that of tree[i] has probability tree[i] / root.\n\n"
           "Raises:\n    ValueError: all numbers are 0.")
      .def_property_readonly("root", &SegmentTree::root, "The operation over all numbers.")
      .def_property(
          "values", &values_of,
          [](SegmentTree& tree, const Doubles& values) { tree.assign(numbers(values)); },
          "All numbers, float64 (size,): a copy. Setting them makes all nodes anew.")
      .def(py::pickle(&state_of, &tree_from));
}

}  // namespace qwop::bindings
