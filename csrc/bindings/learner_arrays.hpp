// The tensors of a network in the hands of the learners.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "bindings/arrays.hpp"
#include "nn/linear.hpp"

namespace qwop::bindings {

// Where the tensors lie; without conversions, which would make copies of them.
inline nn::Tensors tensors(const char* what, const pybind11::list& arrays,
                           const std::vector<std::ptrdiff_t>& sizes) {
  if (arrays.size() != sizes.size()) {
    throw pybind11::value_error(std::string(what) + " must be " + std::to_string(sizes.size()) +
                                " arrays, got " + std::to_string(arrays.size()));
  }
  nn::Tensors pointers;
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

// Adam's state of each tensor.
template <class Learner>
void bind_adam_state(Learner& learner, const pybind11::list& means, const pybind11::list& squares,
                     const pybind11::list& steps) {
  const auto& sizes = learner.sizes();
  learner.bind_adam(tensors("exp_avg", means, sizes), tensors("exp_avg_sq", squares, sizes),
                    tensors("step", steps, std::vector<std::ptrdiff_t>(sizes.size(), 1)));
}

// New arrays for the gradients of a learner's tensors.
template <class Learner>
nn::Tensors gradient_arrays(const Learner& learner, pybind11::list& arrays) {
  nn::Tensors out;
  for (const std::ptrdiff_t size : learner.sizes()) {
    Floats array(size);
    out.push_back(array.mutable_data());
    arrays.append(array);
  }
  return out;
}

// A matrix of observations.
inline const float* observation_rows(const Floats& observations, std::ptrdiff_t width) {
  if (observations.ndim() != 2 || observations.shape(1) != width) {
    throw pybind11::value_error("observations must be float32 of shape (rows, " +
                                std::to_string(width) + ")");
  }
  return observations.data();
}

}  // namespace qwop::bindings
