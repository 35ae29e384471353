// Instruction sets as Python sees them: by name.
#pragma once

#include <string>
#include <vector>

#include "support/instruction_set.hpp"

namespace qwop::bindings {

// Those available from `smallest` on, slowest first.
inline std::vector<std::string> instruction_set_names(support::InstructionSet smallest) {
  std::vector<std::string> names;
  for (const auto set : support::available_sets(smallest)) {
    names.emplace_back(support::to_string(set));
  }
  return names;
}

}  // namespace qwop::bindings
