// Binding threads to cores.
#pragma once

#include <thread>

namespace qwop::support {

// Lets a thread run on one core only. Throws std::runtime_error where the system refuses; only
// Linux grants it.
void bind_to_core(std::thread& thread, int core);

}  // namespace qwop::support
