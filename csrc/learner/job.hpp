// What a kernel works on: plain pointers into the caller's tensors and into the learner's scratch
// memory, the same for every instruction set.
#pragma once

#include <cstddef>
#include <cstdint>

namespace qwop::learner {

using std::ptrdiff_t;

// Columns of scratch matrices are padded to whole vectors of the widest instruction set.
inline constexpr ptrdiff_t kPadding = 16;
constexpr ptrdiff_t padded(ptrdiff_t n) { return (n + kPadding - 1) / kPadding * kPadding; }

enum class Activation { kRelu, kTanh };

// A parameter tensor and its Adam state, all the caller's memory.
struct Parameter {
  float* value = nullptr;
  float* mean = nullptr;      // exp_avg
  float* square = nullptr;    // exp_avg_sq
  float* step = nullptr;      // updates so far
  float* gradient = nullptr;  // written when gradients are asked for
  ptrdiff_t size = 0;
};

// One linear layer, y = x weight^T + bias, weight stored (outputs, inputs) row by row. The last
// layer is the head; its outputs are quantile * n_actions + action.
struct Layer {
  ptrdiff_t inputs = 0, outputs = 0;
  Parameter weight, bias;
  const float* target_weight = nullptr;
  const float* target_bias = nullptr;
};

// A layer's weights laid out for the forward pass, and its bias padded to whole vectors.
struct PackedLayer {
  float* weight = nullptr;
  float* bias = nullptr;
};

// Layouts derived from a network's parameters.
struct Derived {
  PackedLayer* hidden = nullptr;  // one for each hidden layer
  float* q_rows = nullptr;        // (n_actions, padded(inputs)): the head summed over quantiles
  PackedLayer q;                  // the same, packed: greedy actions
  PackedLayer* head = nullptr;    // one for each action; the target network's only
};

struct AdamSettings {
  double learning_rate = 0, beta1 = 0, beta2 = 0, epsilon = 0, weight_decay = 0;
  bool decoupled_weight_decay = false;  // AdamW
};

// Scratch memory. Matrices hold one row a transition, padded as kPadding says; the transitions of a
// batch are in the order of their actions, first[a] being the first one with action a.
struct Scratch {
  std::int32_t* first = nullptr;  // n_actions + 1
  float* rewards = nullptr;
  float* discounts = nullptr;       // gamma where the episode went on, else 0
  float** inputs = nullptr;         // of each layer of the online network
  float** target_inputs = nullptr;  // of each layer of the target network
  float** gradients = nullptr;      // of the loss for inputs[i], i > 0
  float* q = nullptr;               // padded(n_actions): values of the next state, or when acting
  std::int32_t* greedy = nullptr;   // transitions by greedy next action ...
  std::int32_t* greedy_first = nullptr;  // ... and where each action's begin, n_actions + 1
  float* current = nullptr;              // padded(n_quantiles): quantiles, later their gradients
  float* targets = nullptr;              // padded(n_quantiles)
  float* panel = nullptr;                // one packed panel of the head
  float* head_bias = nullptr;            // padded(n_quantiles): one action's, also its gradient
  float* bias_gradient = nullptr;        // the widest layer's
  float* unused = nullptr;  // results that nobody asked for, as wide as the widest layer
  float* lanes = nullptr;   // of the loss, see quantile_loss.hpp
  float* sorted = nullptr;
  double* values = nullptr;
  double* squares = nullptr;
  std::int32_t* counts = nullptr;
  double* tau = nullptr;
  double* rest = nullptr;
};

// Where the time of updates goes, in seconds.
enum Part { kGather, kTarget, kForward, kLoss, kBackward, kWeights, kRefresh, kParts };

struct Job {
  int n_layers = 0;  // hidden layers and the head
  ptrdiff_t n_actions = 0, n_quantiles = 0, batch = 0;
  Activation activation = Activation::kRelu;
  double loss_scale = 1.0;
  Layer* layers = nullptr;
  Derived online, target;
  Scratch scratch;
  double (*clock)() = nullptr;  // seconds; none when time is not measured
  double last_time = 0, seconds[kParts] = {};

  void begin_timing() {
    if (clock) last_time = clock();
  }
  // Books the time since the last call on a part.
  void end_of(Part part) {
    if (!clock) return;
    const double now = clock();
    seconds[part] += now - last_time;
    last_time = now;
  }
  Layer& head() const { return layers[n_layers - 1]; }
  int last_hidden() const { return n_layers - 2; }
};

struct Mlp;

// The functions that are compiled for each instruction set.
struct Kernels {
  const char* name;
  // Brings derived layouts up to date with the parameters.
  void (*refresh_online)(Job& job);
  void (*refresh_target)(Job& job);
  // One Adam update on the batch in scratch; returns the loss.
  double (*update)(Job& job, const AdamSettings& adam);
  // The same in two halves: gradients into Parameter::gradient; then Adam on them, scaled.
  double (*gradients)(Job& job);
  void (*apply)(Job& job, const AdamSettings& adam, float scale);
  // Greedy actions of the rows in scratch.inputs[0].
  void (*act)(Job& job, ptrdiff_t rows, std::int64_t* actions);
  // Of multilayer perceptrons, see mlp.hpp.
  void (*mlp_refresh)(const Mlp& mlp);
  void (*mlp_forward)(const Mlp& mlp, ptrdiff_t rows);
  void (*mlp_backward)(const Mlp& mlp, ptrdiff_t rows, bool fresh);
  void (*mlp_add_gradients)(const Mlp& to, const Mlp& from);
  void (*mlp_adam)(const Mlp& mlp, const AdamSettings& adam, float scale);
  double (*sum_of_squares)(const float* values, ptrdiff_t n);
  void (*exponentials)(const float* x, ptrdiff_t rows, ptrdiff_t n, float* result, float* greatest);
};

}  // namespace qwop::learner
