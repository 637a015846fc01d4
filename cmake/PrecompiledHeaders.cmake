# spawn_precompile_headers(): gives the targets of the whole build the precompiled headers of their
# sort. Called once, after every folder was read.
#
# A precompiled header holds what others wrote and what nearly every file includes: the standard
# library, JSON, Asio, GoogleTest. Never a header of ours: those change, and a file that forgets to
# include one must not compile. Files still name all they use; SPAWN_PCH=OFF builds without.
option(SPAWN_PCH "precompile the headers of the standard library and of third parties" ON)
set(SPAWN_PCH_DIR ${CMAKE_CURRENT_LIST_DIR}/pch)

# One owner per sort and code model: a header is compiled with the options of those who use it.
function(_spawn_pch_owner sort pic)
  add_library(spawn_pch_${sort} OBJECT ${SPAWN_PCH_DIR}/empty.cpp)
  # Known by its content, not by its time: ccache finds it again in another checkout.
  target_compile_options(spawn_pch_${sort} PRIVATE ${pic} "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(spawn_pch_${sort} PRIVATE ${SPAWN_PCH_DIR}/${sort}.hpp)
endfunction()

# The sort for a target, or nothing: by its folder and its type. Plain C has no use for one.
function(_spawn_pch_sort out target)
  set(${out} "" PARENT_SCOPE)
  get_target_property(type ${target} TYPE)
  get_target_property(off ${target} DISABLE_PRECOMPILE_HEADERS)
  get_target_property(sources ${target} SOURCES)
  set(c_sources ${sources})
  list(FILTER c_sources INCLUDE REGEX "[.]c$")
  list(FILTER sources INCLUDE REGEX "[.](cpp|cc)$")
  if(off OR NOT sources OR c_sources OR NOT type MATCHES "^(STATIC_LIBRARY|OBJECT_LIBRARY|MODULE_LIBRARY|EXECUTABLE)$")
    return()
  endif()
  get_target_property(dir ${target} SOURCE_DIR)
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${dir})
  if(type STREQUAL "EXECUTABLE")
    get_target_property(libraries ${target} LINK_LIBRARIES)
    if(folder MATCHES "^tests/" AND libraries MATCHES "GTest::")
      set(${out} tests PARENT_SCOPE)
    elseif(folder MATCHES "^(tests|tools|examples)/")
      set(${out} programs PARENT_SCOPE)
    endif()
  elseif(folder MATCHES "^kernel/")
    set(${out} kernel PARENT_SCOPE)
  elseif(folder MATCHES "^(plugins|sdk|tests)/")
    set(${out} plugins PARENT_SCOPE)
  endif()
endfunction()

function(spawn_precompile_headers)
  if(NOT SPAWN_PCH OR NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    return()
  endif()
  spawn_targets_below(targets ${CMAKE_SOURCE_DIR})
  _spawn_pch_owner(kernel -fPIC)
  _spawn_pch_owner(plugins -fPIC)
  _spawn_pch_owner(programs -fPIE)
  _spawn_pch_owner(tests -fPIE)
  target_link_libraries(spawn_pch_tests PRIVATE GTest::gmock)
  foreach(target ${targets})
    _spawn_pch_sort(sort ${target})
    if(sort)
      target_precompile_headers(${target} REUSE_FROM spawn_pch_${sort})
    endif()
  endforeach()
endfunction()
