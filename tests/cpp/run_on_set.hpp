// A test that is built for one instruction set, as the kernels are.
#pragma once

namespace qwop::tests {

// The test, on so many values; returns the program's exit status.
int run(long count);

}  // namespace qwop::tests
