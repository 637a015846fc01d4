# spawn_library(NAME SOURCES ... DEPS ...): one STATIC library per kernel folder, spawn::<name>.
function(spawn_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(spawn_${name} STATIC ${ARG_SOURCES})
  add_library(spawn::${name} ALIAS spawn_${name})
  target_include_directories(spawn_${name} PUBLIC ${CMAKE_SOURCE_DIR}/kernel)
  target_link_libraries(spawn_${name} PUBLIC ${ARG_DEPS} PRIVATE spawn::warnings ${ARG_PRIVATE_DEPS})
endfunction()

# spawn_test(NAME LABEL SOURCES ... DEPS ...): a GoogleTest program registered as one ctest.
function(spawn_test name label)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;ARGS;ENV" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main spawn::warnings)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  add_test(NAME ${label}.${name} COMMAND ${name} ${ARG_ARGS})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  set_tests_properties(${label}.${name} PROPERTIES LABELS ${label} TIMEOUT ${ARG_TIMEOUT}
                       ENVIRONMENT "SPAWN_BUILD_DIR=${CMAKE_BINARY_DIR};${ARG_ENV}")
endfunction()

# spawn_pytest(NAME LABEL FILE): one pytest file as one ctest; exit 5 (nothing run) is a failure.
function(spawn_pytest name label file)
  cmake_parse_arguments(ARG "" "TIMEOUT" "ENV" ${ARGN})
  add_test(NAME ${label}.${name}
           COMMAND /usr/bin/python3 -m pytest -q -x --no-header -p no:cacheprovider -rs ${file})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  # A file whose every test was skipped is shown as skipped, not as passed.
  set_tests_properties(${label}.${name} PROPERTIES SKIP_REGULAR_EXPRESSION "\n[0-9]+ skipped in ")
  set_tests_properties(${label}.${name} PROPERTIES LABELS ${label} TIMEOUT ${ARG_TIMEOUT}
    ENVIRONMENT "SPAWN_BUILD_DIR=${CMAKE_BINARY_DIR};SPAWN_SOURCE_DIR=${CMAKE_SOURCE_DIR};PYTHONDONTWRITEBYTECODE=1;${ARG_ENV}")
endfunction()

# spawn_targets_below(OUT DIR): every target of a folder and of those in it.
function(spawn_targets_below out dir)
  get_property(found DIRECTORY ${dir} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(children DIRECTORY ${dir} PROPERTY SUBDIRECTORIES)
  foreach(child ${children})
    spawn_targets_below(below ${child})
    list(APPEND found ${below})
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# spawn_part(NAME DIR...): `ninja NAME` builds what is in the folders, and what that needs. Not the
# programs in the global property SPAWN_BROKER_TESTS: `ninja tests_broker` has those.
function(spawn_part name)
  foreach(dir ${ARGN})
    spawn_targets_below(below ${dir})
    list(APPEND targets ${below})
  endforeach()
  get_property(brokers GLOBAL PROPERTY SPAWN_BROKER_TESTS)
  if(brokers)
    list(REMOVE_ITEM targets ${brokers})
  endif()
  add_custom_target(${name})
  foreach(target ${targets})
    get_target_property(type ${target} TYPE)
    get_target_property(excluded ${target} EXCLUDE_FROM_ALL)
    if(NOT type STREQUAL "INTERFACE_LIBRARY" AND NOT excluded)
      add_dependencies(${name} ${target})
    endif()
  endforeach()
endfunction()
