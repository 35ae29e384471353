#!/usr/bin/env bash
# The C++ tests on other platforms, as far as one Linux machine on x86-64 can run them, and the
# whole engine compiled for those that it cannot. Fails if a test does, or if a digest over the rows
# of a stored trace is not x86-64's.
#
# usage: tests/platforms/run.sh [PLATFORM...]    all of them by default
#
# Needs the Debian packages below, which it installs by itself where CI is set, and the Python
# package ziglang in the environment of $PYTHON.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

python=${PYTHON:-python3}
build=build/platforms
run=(aarch64-linux windows-mingw x86_64-linux-musl x86-linux-musl)
compile=(aarch64-macos x86_64-macos x86_64-windows-gnu)
export WINEDEBUG=${WINEDEBUG:--all} WINEPREFIX=${WINEPREFIX:-$PWD/$build/wine}

packages() {
  local missing=()
  case $1 in
    aarch64-linux)
      command -v aarch64-linux-gnu-g++ >/dev/null || missing+=(g++-aarch64-linux-gnu)
      command -v qemu-aarch64 >/dev/null || missing+=(qemu-user)
      ;;
    windows-mingw)
      command -v x86_64-w64-mingw32-g++-posix >/dev/null || missing+=(g++-mingw-w64-x86-64-posix)
      PATH=$PATH:/usr/lib/wine command -v wine64 >/dev/null || missing+=(wine64)
      ;;
  esac
  ((${#missing[@]})) || return 0
  if [[ -z ${CI:-} ]]; then
    echo "$1 needs: apt-get install ${missing[*]}" >&2
    exit 2
  fi
  local sudo
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  $sudo apt-get update -q
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# CMake wants programs; ziglang is a module.
zig() {
  "$python" -c 'import ziglang' || { echo "$python has no ziglang: pip install ziglang"; exit 2; }
  mkdir -p "$build"
  local module verb
  module="$("$python" -c 'import sys; print(sys.executable)') -m ziglang"
  for verb in c++ ar ranlib; do
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$module" "$verb" >"$build/zig-$verb"
    chmod +x "$build/zig-$verb"
  done
}

configure() {
  local platform=$1 file=cmake/toolchains/$1.cmake
  local options=(-D CMAKE_BUILD_TYPE=Release -D QWOP_PYTHON=OFF -D QWOP_TESTS=ON -D QWOP_WERROR=ON)
  if [[ $platform == native ]]; then
    file=
  elif [[ ! -e $file ]]; then
    zig
    file=cmake/toolchains/zig.cmake
    options+=(-D "QWOP_ZIG=$PWD/$build/zig" -D "QWOP_ZIG_TARGET=$platform")
  fi
  cmake -G Ninja -S . -B "$build/$platform" ${file:+--toolchain "$PWD/$file"} "${options[@]}" \
    >"$build/$platform.log"
}

# The digests of all traces, one a line, in $build/PLATFORM.digests.
digests() {
  local program=replay_digest started=$SECONDS
  local emulator=()
  case $1 in
    aarch64-linux) emulator=(qemu-aarch64 -L /usr/aarch64-linux-gnu) ;;
    windows-mingw)
      emulator=("$(PATH=$PATH:/usr/lib/wine command -v wine64 || command -v wine)")
      program=replay_digest.exe
      ;;
  esac
  "${emulator[@]}" "$build/$1/tests/cpp/$program" tests/traces | tr -d '\r' >"$build/$1.digests"
  echo "$1: $(sha256sum <"$build/$1.digests" | cut -c1-16) in $((SECONDS - started)) s"
}

mkdir -p "$build"
if (($#)); then wanted=("$@"); else wanted=("${run[@]}" "${compile[@]}"); fi

configure native
cmake --build "$build/native" --target replay_digest
digests native

different=()
for platform in "${wanted[@]}"; do
  printf '\n=== %s\n' "$platform"
  packages "$platform"
  configure "$platform"
  if [[ " ${compile[*]} " == *" $platform "* ]]; then
    cmake --build "$build/$platform" --target all qwop_rollout qwop_render
    echo "$platform: compiled; nothing here runs it"
    continue
  fi
  cmake --build "$build/$platform"
  # qemu-user cannot start threads in a fork of a process that had some: it fails an assertion.
  ctest --test-dir "$build/$platform" --output-on-failure --no-tests=error --timeout 900 \
    $([[ $platform != aarch64-linux ]] || echo '-E ^thread_pool$')
  digests "$platform"
  cmp "$build/native.digests" "$build/$platform.digests" || different+=("$platform")
done
if ((${#different[@]})); then
  echo "other bits than x86-64's: ${different[*]}" >&2
  exit 1
fi
printf '\nevery digest is that of x86-64\n'
