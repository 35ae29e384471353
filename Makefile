# What people and CI run. `make help` lists the verbs; CI's steps are these and no others.
# Everything happens in a virtual environment of the project's own: VENV=DIR takes another.

VENV ?= .venv
PYTHON ?= python3
JOBS ?= logical
# The CPU build of torch is enough and a tenth of the size; where that index cannot be reached, pip
# takes what it finds elsewhere. A torch that is installed already is left alone.
TORCH ?= torch==2.13.0
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

bin := $(VENV)/bin
sources := pyproject.toml CMakeLists.txt $(shell find csrc -name '*.cpp' -o -name '*.hpp' \
  -o -name CMakeLists.txt 2>/dev/null)
cpp := $(shell git ls-files '*.cpp' '*.hpp' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help train test test-fast test-cpp test-asan test-tsan test-platforms test-wheel \
  test-oldest test-newest test-examples lint format types docs pages wheel sdist benchmark install clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

train: $(VENV)/.train ## set up and train a first runner, in a minute or two
	$(bin)/qwop-native train qrdqn -c train/configs/qrdqn_quick.yml

test: $(VENV)/.dev ## set up and run all tests
	$(bin)/pytest -n $(JOBS) --dist worksteal

test-fast: $(VENV)/.dev ## the tests that take seconds
	$(bin)/pytest -n $(JOBS) --dist worksteal -m "not slow and not browser"

install: $(VENV)/.dev ## set up everything that developers need

$(bin)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.torch: | $(bin)/python
	$(bin)/python -c 'import torch' 2>/dev/null || $(bin)/pip install -q --no-deps --retries 0 \
	  --extra-index-url $(TORCH_INDEX) '$(TORCH)' || $(bin)/pip install -q '$(TORCH)'
	@touch $@

$(VENV)/.train: $(VENV)/.torch $(sources)
	$(bin)/pip install -q -e '.[train]'
	@touch $@

$(VENV)/.dev: $(VENV)/.torch $(sources)
	$(bin)/pip install -q -e '.[train,parity,dev]'
	@touch $@ $(VENV)/.train

lint: $(VENV)/.dev ## style of Python and C++
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/clang-format --dry-run -Werror $(cpp)

format: $(VENV)/.dev ## put the style right
	$(bin)/ruff check --fix .
	$(bin)/ruff format .
	$(bin)/clang-format -i $(cpp)

types: $(VENV)/.dev ## types of Python, and of the extension against its stub
	$(bin)/mypy
	$(bin)/pytest -q tests/test_packaging.py -k stub

test-cpp: ## the C++ tests, built as the library is
	cmake --preset test && cmake --build --preset test && ctest --preset test

# From another folder, where Python finds the installed package and not the checkout's.
fast := -q -n $(JOBS) --dist worksteal -m "not slow and not browser"

# The extension is clang's here, so that both compilers' warnings are errors where QWOP_WERROR is on.
# Python itself leaks on purpose at exit; everything else that the sanitizers find is fatal.
asan := build/asan-python
test-asan: ## C++ and engine tests under the address and undefined-behavior sanitizers
	cmake --preset asan && cmake --build --preset asan && ctest --preset asan
	rm -rf $(asan) && $(PYTHON) -m venv $(asan)
	CC=clang CXX=clang++ $(asan)/bin/pip wheel -q --no-deps -w $(asan)/dist \
	  -C build-dir=build/asan-wheel -C cmake.build-type=RelWithDebInfo \
	  -C cmake.define.QWOP_SANITIZE=address,undefined \
	  -C cmake.define.CMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -gline-tables-only" .
	$(asan)/bin/pip install -q "$$(ls $(asan)/dist/*.whl)[parity,dev]"
	cd $(asan) && LD_PRELOAD=$$(clang -print-file-name=libclang_rt.asan-$$(uname -m).so) \
	  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 bin/pytest $(fast) ../../tests

test-tsan: ## the C++ tests under the thread sanitizer
	cmake --preset tsan && cmake --build --preset tsan && ctest --preset tsan

test-platforms: | $(bin)/python ## the C++ tests on Arm, Windows, musl and 32-bit x86, emulated
	$(bin)/python -c 'import ziglang' 2>/dev/null || $(bin)/pip install -q ziglang
	PYTHON=$(bin)/python tests/platforms/run.sh

test-wheel: ## the tests against the wheel, installed elsewhere
	rm -rf build/wheel-test && $(PYTHON) -m venv build/wheel-test
	build/wheel-test/bin/pip wheel -q --no-deps -w build/wheel-test/dist .
	build/wheel-test/bin/pip install -q "$$(ls build/wheel-test/dist/*.whl)[parity,dev]"
	cd build/wheel-test && bin/pytest $(fast) ../../tests

# Each floor of pyproject.toml, and the newest that it admits.
test-oldest: ## the tests with the oldest dependencies that pyproject.toml admits
	rm -rf build/oldest && $(PYTHON) -m venv build/oldest
	build/oldest/bin/pip install -q --no-deps --retries 0 --extra-index-url $(TORCH_INDEX) '$(TORCH)'
	build/oldest/bin/pip install -q -c requirements/oldest.txt -e '.[train,parity,dev]'
	build/oldest/bin/pytest $(fast)

test-newest: ## the tests with the newest dependencies that pyproject.toml admits
	rm -rf build/newest && $(PYTHON) -m venv build/newest
	build/newest/bin/pip install -q --no-deps --retries 0 --extra-index-url $(TORCH_INDEX) '$(TORCH)'
	build/newest/bin/pip install -q -U -e '.[train,parity,dev]'
	build/newest/bin/pytest $(fast)

test-examples: ## the examples, with the libraries that they are for
	rm -rf build/examples && $(PYTHON) -m venv build/examples
	build/examples/bin/pip install -q --no-deps --retries 0 --extra-index-url $(TORCH_INDEX) '$(TORCH)'
	build/examples/bin/pip install -q -e '.[train,plots,render]' pytest hypothesis -r requirements/examples.txt
	build/examples/bin/pytest -q tests/examples tests/cli/test_card.py

docs: $(VENV)/.dev ## build the pages
	$(bin)/pip install -q -e '.[docs]'
	$(bin)/mkdocs build --strict

pages: $(VENV)/.dev ## commit the site of VERSION and the page to the branch gh-pages
	$(bin)/pip install -q -e '.[docs]'
	MIKE=$(bin)/mike .ci/pages "$(VERSION)"

wheel: | $(bin)/python ## build a wheel into dist/
	$(bin)/pip wheel -q --no-deps -w dist .

sdist: | $(bin)/python ## build a source distribution into dist/
	$(bin)/pip install -q build && $(bin)/python -m build --sdist

benchmark: $(VENV)/.dev ## the engine beside stock Box2D
	$(bin)/python -m benchmarks --quick

clean: ## remove what was built; the virtual environment stays
	rm -rf build dist
