// NumPy's arrays as the engine's spans.
#pragma once

#include <pybind11/numpy.h>

#include <cstdint>
#include <span>

namespace qwop::bindings {

// Without forcecast: a converted copy would take the results with it when it dies.
template <class T>
using Array = pybind11::array_t<T, pybind11::array::c_style>;
using Floats = Array<float>;
using Indices = Array<std::int64_t>;
using Mask = Array<bool>;

template <class T>
std::span<const T> span(const Array<T>& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}
template <class T>
std::span<T> mutable_span(Array<T>& array) {
  return {array.mutable_data(), static_cast<std::size_t>(array.size())};
}

}  // namespace qwop::bindings
