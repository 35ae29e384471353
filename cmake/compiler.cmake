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
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG")

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
target_compile_options(qwop_flags INTERFACE -ffp-contract=off)
# Indices are signed here, -1 being none; clang counts their use as a conversion, gcc does not.
target_compile_options(
  qwop_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       $<$<BOOL:${QWOP_WERROR}>:-Werror>)
if(QWOP_SANITIZE)
  set(sanitize_flags -fsanitize=${QWOP_SANITIZE} -fno-sanitize-recover=all
                     -fno-omit-frame-pointer)
  target_compile_options(qwop_flags INTERFACE ${sanitize_flags})
  target_link_options(qwop_flags INTERFACE ${sanitize_flags})
endif()
