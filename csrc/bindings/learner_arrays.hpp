// Arrays of Python in the hands of the learners.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "learner/qrdqn/quantile_learner.hpp"

namespace qwop::bindings {

using Floats = pybind11::array_t<float, pybind11::array::c_style>;
using Indices = pybind11::array_t<std::int64_t, pybind11::array::c_style>;

inline nn::Activation parse_activation(const std::string& name) {
  if (name == "relu") return nn::Activation::kRelu;
  if (name == "tanh") return nn::Activation::kTanh;
  throw pybind11::value_error("activation must be 'relu' or 'tanh', got '" + name + "'");
}

// Where the tensors lie; without conversions, which would make copies of them.
inline learner::Tensors tensors(const char* what, const pybind11::list& arrays,
                                const std::vector<std::ptrdiff_t>& sizes) {
  if (arrays.size() != sizes.size()) {
    throw pybind11::value_error(std::string(what) + " must be " + std::to_string(sizes.size()) +
                                " arrays, got " + std::to_string(arrays.size()));
  }
  learner::Tensors pointers;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (!pybind11::isinstance<Floats>(arrays[i])) {
      throw pybind11::type_error(std::string(what) + " must be contiguous arrays of float32");
    }
    auto array = pybind11::reinterpret_borrow<Floats>(arrays[i]);
    if (array.size() != sizes[i]) {
      throw pybind11::value_error(std::string(what) + " number " + std::to_string(i) +
                                  " must hold " + std::to_string(sizes[i]) + " numbers, got " +
                                  std::to_string(array.size()));
    }
    pointers.push_back(array.mutable_data());
  }
  return pointers;
}

inline std::span<const std::int64_t> span(const Indices& indices) {
  return {indices.data(), static_cast<std::size_t>(indices.size())};
}

}  // namespace qwop::bindings
