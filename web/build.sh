#!/usr/bin/env bash
# Builds the page with the engine as WebAssembly into build/web/page, or into the folder named.
# Needs Emscripten (Debian and Ubuntu: apt install emscripten), CMake 3.21 and Ninja.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v emcmake >/dev/null || { echo "Emscripten's emcmake is not on the PATH" >&2; exit 2; }
to=${1:-build/web}
for preset in web-simd web; do
  emcmake cmake --preset "$preset" -B "$to/$preset" >/dev/null
  cmake --build "$to/$preset" --target engine
done
cmake --build "$to/web"
mkdir -p "$to/page"
cp -R "$to/web/page/." "$to/web-simd/page/engine-simd.wasm" "$to/page/"
echo "built $to/page; look at it with: python3 -m http.server -d $to/page"
