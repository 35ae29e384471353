// The instruction set that a caller names, or the best there is.
#pragma once

#include <pybind11/pybind11.h>

#include <algorithm>
#include <string>

#include "batch/game_block.hpp"

namespace qwop::bindings {

inline std::string chosen_instruction_set(const std::string& name) {
  const auto known = batch::instruction_sets();
  if (name.empty()) return known.back();
  if (std::ranges::find(known, name) != known.end()) return name;
  std::string list;
  for (const auto& each : known) list += (list.empty() ? "'" : ", '") + each + "'";
  throw pybind11::value_error("instruction_set '" + name + "' is not available here; choose from " +
                              list);
}

}  // namespace qwop::bindings
