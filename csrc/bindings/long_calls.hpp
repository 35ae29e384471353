// Calls that take long: without the interpreter's lock, and ended by Ctrl-C.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <thread>
#include <type_traits>

#include "support/interrupt.hpp"

namespace qwop::bindings {

// Gives the interpreter's lock away and takes it back.
//
// When the interpreter ends, Python up to 3.13 ends a thread that wants the lock by pthread_exit,
// which unwinds the C++ above it: destructors run that need the lock, and a process aborts in the
// first that may not throw. Such a thread stays here instead until the process has ended, as
// Python 3.14 has it.
class InterpreterLock {
 public:
  void give() { state_ = PyEval_SaveThread(); }
  void take() noexcept {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {  // the unwinding; to leave this block would be to go on with it
      for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
    }
  }

 private:
  PyThreadState* state_ = nullptr;
};

// Signals that came meanwhile are handled, by Python's own handlers, when work asks whether it
// shall stop; it does where a handler raises, as that of Ctrl-C does. Whoever made the work calls
// rethrow() then. Other threads run meanwhile.
class Signals : public support::Interrupt {
 public:
  // With the interpreter's lock held.
  void rethrow() {
    if (raised_) throw pybind11::error_already_set();
  }

 protected:
  bool stop_wanted() override {
    InterpreterLock lock;
    lock.give();
    lock.take();
    return handle();
  }
  bool handle() { return raised_ = PyErr_CheckSignals() != 0; }

 private:
  bool raised_ = false;
};

// The same for work that runs without the lock, from construction to take().
class SignalsWithoutLock final : public Signals {
 public:
  SignalsWithoutLock() { lock_.give(); }
  ~SignalsWithoutLock() override { take(); }
  void take() {
    if (!held_) lock_.take();
    held_ = true;
  }

 protected:
  bool stop_wanted() override {
    lock_.take();
    const bool wanted = handle();
    lock_.give();
    return wanted;
  }

 private:
  InterpreterLock lock_;
  bool held_ = false;
};

// Does work(interrupt) without the interpreter's lock and returns what it returns. Whoever waits
// for another lock waits in here: a thread that holds that one may be waiting for Python's.
template <class Work>
auto without_lock(Work&& work) {
  SignalsWithoutLock signals;
  if constexpr (std::is_void_v<decltype(work(signals))>) {
    work(signals);
    signals.take();
    signals.rethrow();
  } else {
    auto result = work(signals);
    signals.take();
    signals.rethrow();
    return result;
  }
}

}  // namespace qwop::bindings
