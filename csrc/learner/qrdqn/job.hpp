// What QR-DQN's kernels work on: views of the caller's tensors and of the learner's own memory
// (memory.hpp), the same for every instruction set.
//
// Matrices hold one row a transition, padded as nn::kPadding says.
#pragma once

#include "nn/linear.hpp"

namespace qwop::learner {

using nn::AdamSettings;
using nn::padded;
using nn::Tensors;
using std::ptrdiff_t;

// Layouts derived from a network's parameters.
struct Derived {
  nn::PackedLinear* hidden = nullptr;  // one for each hidden layer
  float* q_rows = nullptr;           // (n_actions, padded(inputs)): the head summed over quantiles
  nn::PackedLinear q;                // the same, packed: greedy actions
  nn::PackedLinear* head = nullptr;  // one for each action; the target network's only
};

// The transitions of a batch, in the order of their actions.
struct BatchView {
  ptrdiff_t size = 0;
  std::int32_t* first = nullptr;  // n_actions + 1: where the transitions with each action begin
  float* rewards = nullptr;
  float* discounts = nullptr;  // gamma where the episode went on, else 0
};

// What each layer reads, and the gradients of the loss for it.
struct PassView {
  float** inputs = nullptr;         // of the online network
  float** target_inputs = nullptr;  // of the target network
  float** gradients = nullptr;      // of the loss for inputs[i], i > 0
};

// Greedy actions.
struct GreedyView {
  float* q = nullptr;             // padded(n_actions): values of the next state, or when acting
  std::int32_t* order = nullptr;  // transitions by greedy next action ...
  std::int32_t* first = nullptr;  // ... and where each action's begin, n_actions + 1
};

// The head, one action after the other.
struct HeadView {
  float* current = nullptr;        // padded(n_quantiles): quantiles, later their gradients
  float* targets = nullptr;        // padded(n_quantiles): quantiles of the next states
  float* panel = nullptr;          // one packed panel of weights
  float* bias = nullptr;           // padded(n_quantiles): one action's, also its gradient
  float* bias_gradient = nullptr;  // the widest layer's
  float* unused = nullptr;         // results that nobody asked for, as wide as the widest layer
};

// Scratch of the loss, see quantile_loss.hpp.
struct LossView {
  float *lanes = nullptr, *sorted = nullptr;
  double *values = nullptr, *squares = nullptr;
  std::int32_t* counts = nullptr;
  double *tau = nullptr, *rest = nullptr;  // |tau_i - 0| and |tau_i - 1|
};

// Where the time of updates goes, in seconds.
enum Part { kGather, kTarget, kForward, kLoss, kBackward, kWeights, kRefresh, kParts };
struct Timing {
  double (*clock)() = nullptr;  // seconds; none when time is not measured
  double last = 0, seconds[kParts] = {};

  void begin() {
    if (clock) last = clock();
  }
  // Books the time since the last call on a part.
  void end_of(Part part) {
    if (!clock) return;
    const double now = clock();
    seconds[part] += now - last;
    last = now;
  }
};

struct Job {
  int n_layers = 0;  // hidden layers and the head, whose outputs are quantile * n_actions + action
  ptrdiff_t n_actions = 0, n_quantiles = 0;
  nn::Activation activation = nn::Activation::kRelu;
  double loss_scale = 1.0;

  nn::Linear* layers = nullptr;               // of the online network
  const nn::Linear* target_layers = nullptr;  // only read
  Derived online, target;

  BatchView batch;
  PassView pass;
  GreedyView greedy;
  HeadView head_scratch;
  LossView loss;
  Timing timing;

  nn::Linear& head() const { return layers[n_layers - 1]; }
  int last_hidden() const { return n_layers - 2; }
};

// The functions that are compiled for each instruction set.
struct QrdqnKernels {
  // Brings derived layouts up to date with the parameters.
  void (*refresh_online)(Job& job);
  void (*refresh_target)(Job& job);
  // One Adam update on the batch; returns the loss.
  double (*update)(Job& job, const AdamSettings& adam);
  // The same in two halves: gradients into Parameter::gradient; then Adam on them, scaled.
  double (*gradients)(Job& job);
  void (*apply)(Job& job, const AdamSettings& adam, float scale);
  // Greedy actions of the rows in pass.inputs[0].
  void (*act)(Job& job, ptrdiff_t rows, std::int64_t* actions);
};

}  // namespace qwop::learner
