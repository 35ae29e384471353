// Runs the test it is linked with on COUNT values, the first command line argument, if the
// processor has the instruction set that the test is built for. This file itself is built for any
// processor.
#include "run_on_set.hpp"

#include <cstdio>
#include <cstdlib>

#include "support/instruction_set.hpp"

int main(int argc, char** argv) {
  using qwop::support::InstructionSet;
  constexpr int kSkipped = 77;  // SKIP_RETURN_CODE in CMakeLists.txt
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s COUNT\n", argv[0]);
    return 2;
  }
  if (!qwop::support::available(InstructionSet::QWOP_TEST_SET)) {
    std::printf("this processor does not have the instruction set of this test\n");
    return kSkipped;
  }
  return qwop::tests::run(std::atol(argv[1]));
}
