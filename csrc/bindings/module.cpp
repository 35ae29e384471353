// The extension module: names only; each part of the engine binds itself in a file of its own.
#include <pybind11/pybind11.h>

namespace qwop::bindings {
void bind_build(pybind11::module_& module);
void bind_sincos(pybind11::module_& module);
void bind_facts(pybind11::module_& module);
void bind_options(pybind11::module_& module);
void bind_game(pybind11::module_& module);
void bind_episode(pybind11::module_& module);
void bind_batch(pybind11::module_& module);
void bind_async_steps(pybind11::module_& module);
void bind_pool(pybind11::module_& module);
void bind_speed_games(pybind11::module_& module);
void bind_quantile_learner(pybind11::module_& module);
void bind_collector(pybind11::module_& module);
void bind_large_batch(pybind11::module_& module);
void bind_segment_tree(pybind11::module_& module);
void bind_canvas(pybind11::module_& module);
void bind_actor_critic(pybind11::module_& module);
}  // namespace qwop::bindings

PYBIND11_MODULE(_core_of_main_interpreter, module) {
  module.doc() = "The native engine behind qwop_native.";
  qwop::bindings::bind_build(module);
  qwop::bindings::bind_sincos(module);
  qwop::bindings::bind_facts(module);
  qwop::bindings::bind_options(module);
  qwop::bindings::bind_game(module);
  qwop::bindings::bind_episode(module);
  qwop::bindings::bind_batch(module);
  qwop::bindings::bind_async_steps(module);
  qwop::bindings::bind_pool(module);
  qwop::bindings::bind_speed_games(module);
  qwop::bindings::bind_quantile_learner(module);
  qwop::bindings::bind_collector(module);
  qwop::bindings::bind_large_batch(module);
  qwop::bindings::bind_segment_tree(module);
  qwop::bindings::bind_canvas(module);
  qwop::bindings::bind_actor_critic(module);
}

// What Python calls. pybind11 cannot begin in a second interpreter of Python 3.11 and older, where
// it waits for a lock that it holds itself, so which one this is comes first.
PYBIND11_PLUGIN_IMPL(_core) {
  if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
    PyErr_SetString(PyExc_ImportError,
                    "qwop_native works in a process's main interpreter only; for more of them, use "
                    "processes or threads");
    return nullptr;
  }
  return PyInit__core_of_main_interpreter();
}
