# How a folder of csrc/ becomes a library, and how kernels are compiled for each instruction set.

# qwop_layer(NAME [LINKS lower layers…] [SOURCES files…]): one library for one folder. A layer sees
# only what it links. No sources: headers only.
function(qwop_layer name)
  cmake_parse_arguments(layer "" "" "LINKS;SOURCES" ${ARGN})
  if(layer_SOURCES)
    add_library(${name} STATIC ${layer_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/csrc)
    target_link_libraries(${name} PUBLIC qwop_flags ${layer_LINKS})
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR}/csrc)
    target_link_libraries(${name} INTERFACE qwop_flags ${layer_LINKS})
  endif()
endfunction()

# The flags behind each name in csrc/support/instruction_set.cpp; that file's table must ask of the
# processor what these take for granted.
set(qwop_simd128_flags "")
set(qwop_level x86-64-v)
if(QWOP_ZIG)  # whose spelling differs
  set(qwop_level x86_64_v)
endif()
set(qwop_avx2_flags ${qwop_flag_prefix}-march=${qwop_level}3)
set(qwop_avx512_flags ${qwop_flag_prefix}-march=${qwop_level}4)
if(MINGW AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Windows aligns the stack to 16 bytes, and gcc (bug 54412) believes in more for wide vectors.
  list(APPEND qwop_avx2_flags -Wa,-muse-unaligned-vector-move)
  list(APPEND qwop_avx512_flags -Wa,-muse-unaligned-vector-move)
endif()

set(qwop_wide_kernels OFF)
if(QWOP_WIDE_KERNELS AND qwop_x86_64)
  set(qwop_wide_kernels ON)
endif()

# How the kernels of the games are compiled. Always optimized: inline functions that a debug build
# would leave standing must not reach other files compiled for another processor. Under sanitizers
# less so, since instrumenting that much inlined code takes the compiler minutes.
set(qwop_lane_options ${qwop_flag_prefix}-O3)
if(QWOP_SANITIZE)
  set(qwop_lane_options ${qwop_flag_prefix}-O1)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Long chains of operations side by side: worth 2 to 3 %.
  list(APPEND qwop_lane_options -fschedule-insns -fsched-pressure)
endif()

# qwop_kernels(NAME [OPTIONS flags…] SIMD128 file AVX2 file AVX512 file): adds to a layer one source
# for each instruction set; which of them runs is chosen at run time.
function(qwop_kernels name)
  cmake_parse_arguments(kernels "" "SIMD128;AVX2;AVX512" "OPTIONS" ${ARGN})
  set(sets simd128)
  if(qwop_wide_kernels)
    list(APPEND sets avx2 avx512)
  endif()
  foreach(set ${sets})
    string(TOUPPER ${set} key)
    target_sources(${name} PRIVATE ${kernels_${key}})
    set_source_files_properties(${kernels_${key}} PROPERTIES COMPILE_OPTIONS
                                "${kernels_OPTIONS};${qwop_${set}_flags}")
  endforeach()
endfunction()
