#include "learner/large_batch/value_actor.hpp"

#include <algorithm>
#include <mutex>
#include <stdexcept>

#include "learner/large_batch/greatest.hpp"
#include "support/flush_denormals.hpp"

namespace qwop::learner {

ValueActor::ValueActor(const ValueShape& shape, const std::string& instruction_set)
    : shape_(shape),
      kernels_(choose_kernels(instruction_set)),
      network_(shape),
      q_(nn::kChunk * nn::row_stride(shape.n_actions)) {}

void ValueActor::bind(const nn::Tensors& values) {
  const std::lock_guard lock(mutex_);
  network_.bind(values);
  fresh_ = false;
}

void ValueActor::refresh() {
  const std::lock_guard lock(mutex_);
  if (!network_.is_bound()) throw std::logic_error("bind the parameters first");
  kernels_.mlp.refresh(network_.mlp());
  kernels_.head.refresh(network_.head());
  fresh_ = true;
}

void ValueActor::act(const float* observations, ptrdiff_t rows, std::int64_t* actions) {
  if (!fresh_) refresh();
  const std::lock_guard lock(mutex_);
  const support::FlushDenormals flush;
  const ptrdiff_t width = shape_.observation_size, n = shape_.n_actions;
  for (ptrdiff_t begin = 0; begin < rows; begin += nn::kChunk) {
    const ptrdiff_t count = std::min(nn::kChunk, rows - begin);
    for (ptrdiff_t r = 0; r < count; ++r) {
      shape_.features.write(observations + (begin + r) * width, width,
                            network_.trunk().input_row(r));
    }
    kernels_.mlp.forward(network_.mlp(), count);
    kernels_.head.means(network_.head(), network_.trunk().output_row(0), count, q_.get());
    for (ptrdiff_t r = 0; r < count; ++r) {
      actions[begin + r] = argmax(q_.get() + r * nn::row_stride(n), n);
    }
  }
}

}  // namespace qwop::learner
