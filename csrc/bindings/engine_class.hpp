// How the engine is shown to Python: every call computes in the engine's own float mode.
//
// Bind classes with EngineClass and functions with define(), never with pybind11's own class_ and
// module_::def, so that no way into the engine lacks the guard.
#pragma once

#include <pybind11/pybind11.h>

#include <utility>

#include "support/float_mode.hpp"

namespace qwop::bindings {

using InEngineMode = pybind11::call_guard<support::FloatMode>;

template <class Function, class... Extra>
void define(pybind11::module_& module, const char* name, Function&& function,
            const Extra&... extra) {
  module.def(name, std::forward<Function>(function), InEngineMode(), extra...);
}

// pybind11's class_, whose methods, constructors, pickles and properties have the guard.
template <class T>
class EngineClass : public pybind11::class_<T> {
  using Base = pybind11::class_<T>;

 public:
  using Base::Base;

  template <class Function, class... Extra>
  EngineClass& def(const char* name, Function&& function, const Extra&... extra) {
    Base::def(name, std::forward<Function>(function), InEngineMode(), extra...);
    return *this;
  }
  template <class... Arguments, class... Extra>
  EngineClass& def(const pybind11::detail::initimpl::constructor<Arguments...>& init,
                   const Extra&... extra) {
    init.execute(*this, extra...);  // calls def() above
    return *this;
  }
  template <class... Arguments, class... Extra>
  EngineClass& def(pybind11::detail::initimpl::factory<Arguments...>&& init,
                   const Extra&... extra) {
    std::move(init).execute(*this, extra...);
    return *this;
  }
  template <class... Arguments>
  EngineClass& def(pybind11::detail::initimpl::pickle_factory<Arguments...>&& pickle) {
    std::move(pickle).execute(*this);
    return *this;
  }

  template <class Getter, class... Extra>
  EngineClass& def_property_readonly(const char* name, const Getter& getter,
                                     const Extra&... extra) {
    Base::def_property_readonly(name, guarded(getter),
                                pybind11::return_value_policy::reference_internal, extra...);
    return *this;
  }
  template <class Getter, class Setter, class... Extra>
  EngineClass& def_property(const char* name, const Getter& getter, const Setter& setter,
                            const Extra&... extra) {
    Base::def_property(name, guarded(getter), guarded(setter, pybind11::is_setter()),
                       pybind11::return_value_policy::reference_internal, extra...);
    return *this;
  }

 private:
  template <class Function, class... Extra>
  static pybind11::cpp_function guarded(const Function& function, const Extra&... extra) {
    return pybind11::cpp_function(pybind11::method_adaptor<T>(function), InEngineMode(), extra...);
  }
};

}  // namespace qwop::bindings
