#include <pybind11/pybind11.h>

#include "bindings/engine_class.hpp"

namespace py = pybind11;

namespace qwop::bindings {

void bind_build(py::module_& module) {
  define(
      module, "build_info",
      [] {
        py::dict info;
        info["compiler"] = QWOP_BUILD_COMPILER;
        info["type"] = QWOP_BUILD_TYPE;
        info["flags"] = QWOP_BUILD_FLAGS;
        return info;
      },
      "What built this module.\n\n"
      "Returns:\n    'compiler' with its version, 'type' of the build, and 'flags' that all files\n"
      "    share; the kernels for wider registers have an instruction set's in addition.");
}

}  // namespace qwop::bindings
