// Treats float32 numbers below 1.2e-38 as zero while it lives.
//
// Adam's averages of weights whose gradient stays zero decay into that range and never leave it,
// and many processors take a hundred times as long for a calculation with such a number.
#pragma once

#include "support/float_mode.hpp"

namespace qwop::support {

class FlushDenormals {
 public:
  FlushDenormals() : before_(FloatControl::read()) {
    FloatControl::write(before_ | FloatControl::kFlush);
  }
  ~FlushDenormals() { FloatControl::write(before_); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  FloatControl::Word before_;
};

}  // namespace qwop::support
