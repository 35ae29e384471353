# Language, optimization and the flags that every layer shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

# The lanes are vectors of gcc and clang, which Microsoft's own compiler does not have.
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
  message(
    FATAL_ERROR "qwop-native needs gcc or clang, not ${CMAKE_CXX_COMPILER_ID}. On Windows take "
                "clang-cl (Visual Studio's generator: -T ClangCL; Ninja: "
                "-D CMAKE_CXX_COMPILER=clang-cl) or MinGW's gcc.")
endif()
# clang-cl takes clang's options behind a prefix; without it, -Wall would be every warning there is.
set(qwop_flag_prefix "")
if(MSVC)
  set(qwop_flag_prefix "/clang:")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "${qwop_flag_prefix}-O3 -DNDEBUG")

# The processor that is compiled for: the word of CMake's, but for cross builds on macOS and for
# 32-bit builds by a 64-bit compiler.
set(qwop_processor "${CMAKE_SYSTEM_PROCESSOR}")
if(APPLE AND CMAKE_OSX_ARCHITECTURES)
  set(qwop_processor "${CMAKE_OSX_ARCHITECTURES}")
endif()
set(qwop_x86_64 OFF)
set(qwop_i386 OFF)
# Emscripten, which compiles for none, calls it x86.
if(NOT EMSCRIPTEN AND qwop_processor MATCHES "^(x86_64|AMD64|amd64|x86|i[3-6]86)$")
  if(CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(qwop_x86_64 ON)
  else()
    set(qwop_i386 ON)
  endif()
endif()

# What one build has compiled, another finds again.
find_program(QWOP_CCACHE ccache)
mark_as_advanced(QWOP_CCACHE)
if(QWOP_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${QWOP_CCACHE})
endif()

add_library(qwop_flags INTERFACE)
# The game is reproduced bit for bit, so each operation must round exactly where its source does: no
# fused multiply-add that the source does not spell out as std::fma, and none of the reassociations
# of the fast-math family. The processor is never assumed beyond the platform's baseline either.
target_compile_options(qwop_flags INTERFACE ${qwop_flag_prefix}-ffp-contract=off)
if(qwop_i386)
  # The old floating-point unit rounds to 64 bits of mantissa, whatever the type.
  target_compile_options(qwop_flags INTERFACE -msse2 -mfpmath=sse)
endif()
if(MSVC)
  # Its headers call getenv and others of the C++ standard deprecated.
  target_compile_definitions(qwop_flags INTERFACE _CRT_SECURE_NO_WARNINGS)
endif()
# Indices are signed here, -1 being none; clang counts their use as a conversion, gcc does not.
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
if(QWOP_WERROR)
  list(APPEND warnings -Werror)
endif()
list(TRANSFORM warnings PREPEND "${qwop_flag_prefix}")
target_compile_options(qwop_flags INTERFACE ${warnings})
if(QWOP_SANITIZE)
  set(sanitize_flags -fsanitize=${QWOP_SANITIZE} -fno-sanitize-recover=all
                     -fno-omit-frame-pointer)
  target_compile_options(qwop_flags INTERFACE ${sanitize_flags})
  target_link_options(qwop_flags INTERFACE ${sanitize_flags})
endif()
