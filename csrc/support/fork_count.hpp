// Which of the processes that were forked off one another this is.
#pragma once

#include <cstdint>

namespace qwop::support {

// Forks between the first process that asked and this one. A fork copies memory but one thread
// only: what the others held or were about to do stays so for good in the child.
std::uint32_t fork_count();

}  // namespace qwop::support
