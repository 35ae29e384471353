# clang of the Python package ziglang, which brings the C++ library of every platform:
# -D QWOP_ZIG_TARGET=x86_64-linux-musl, aarch64-macos, x86_64-windows-gnu and so on.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES QWOP_ZIG_TARGET QWOP_ZIG)
string(REGEX MATCH "^[^-]+" CMAKE_SYSTEM_PROCESSOR "${QWOP_ZIG_TARGET}")
if(QWOP_ZIG_TARGET MATCHES "macos")
  set(CMAKE_SYSTEM_NAME Darwin)
  set(CMAKE_OSX_ARCHITECTURES "")
  set(CMAKE_OSX_SYSROOT "")
elseif(QWOP_ZIG_TARGET MATCHES "windows")
  set(CMAKE_SYSTEM_NAME Windows)
else()
  set(CMAKE_SYSTEM_NAME Linux)
endif()
set(CMAKE_CXX_COMPILER "${QWOP_ZIG}-c++")
set(CMAKE_AR "${QWOP_ZIG}-ar")
set(CMAKE_RANLIB "${QWOP_ZIG}-ranlib")
set(CMAKE_CXX_COMPILER_TARGET "${QWOP_ZIG_TARGET}")
# It traps on undefined behavior unless told otherwise, as -fsanitize=undefined does.
set(CMAKE_CXX_FLAGS_INIT "-fno-sanitize=undefined")
