# spawn_add_actors(NAME shop VERSION 1.0.0 SOURCES a.cpp b.cpp [AS host|plugin|both]
#                  [MAIN main.cpp] [LIBS lib...] [SCHEMA schema.json] [MANIFEST manifest.json]
#                  [COMPONENT name])
#
# Actors declared with the SDK, as a host process, as a plugin of the kernel, or both. One source
# defines `void declare_actors(spawn::sdk::actor_set& app)`; the same objects go into both:
#
#   host    the program NAME. MAIN has its main(); without it one that serves "spawn-system", or the
#           system it is given as its argument.
#   plugin  spawn_plugin_actors_NAME, ${SPAWN_PLUGIN_OUTPUT_DIR}/actors/NAME/VERSION/plugin.so.
#
# AS is SPAWN_ACTORS_AS where it is not given, which is `both` where nobody set it. SCHEMA, of what
# actor_set::config() returns, MANIFEST and COMPONENT are those of spawn_add_plugin. LIBS are linked into both: link nothing that needs the
# full protobuf runtime, which a plugin must not bring (docs/traps.md).
set(SPAWN_ACTORS_AS both CACHE STRING "what spawn_add_actors builds: host, plugin or both")

function(spawn_add_actors)
  cmake_parse_arguments(ARG "" "NAME;VERSION;AS;MAIN;SCHEMA;MANIFEST;COMPONENT" "SOURCES;LIBS" ${ARGN})
  foreach(need NAME VERSION SOURCES)
    if(NOT ARG_${need})
      message(FATAL_ERROR "spawn_add_actors: ${need} is missing")
    endif()
  endforeach()
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "spawn_add_actors(${ARG_NAME}): unknown ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT ARG_AS)
    set(ARG_AS ${SPAWN_ACTORS_AS})
  endif()
  if(NOT ARG_AS MATCHES "^(host|plugin|both)$")
    message(FATAL_ERROR "spawn_add_actors(${ARG_NAME}): AS is host, plugin or both, not ${ARG_AS}")
  endif()

  if(NOT ARG_AS STREQUAL "host" AND NOT COMMAND spawn_add_plugin)
    message(FATAL_ERROR "spawn_add_actors(${ARG_NAME}): a plugin is built with the author's kit, "
      "package SpawnPlugin, which was not found; AS host does without")
  endif()

  cmake_path(SET glue NORMALIZE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../plugin)
  set(actors spawn_actors_${ARG_NAME})
  add_library(${actors} OBJECT ${ARG_SOURCES})
  spawn_sdk_in_plugins(${actors})
  target_link_libraries(${actors} PUBLIC spawn::sdk ${ARG_LIBS})
  if(TARGET spawn::warnings)
    target_link_libraries(${actors} PRIVATE spawn::warnings)
  endif()

  if(NOT ARG_AS STREQUAL "plugin")
    if(NOT ARG_MAIN)
      set(ARG_MAIN ${glue}/host_main.cpp)
    endif()
    add_executable(${ARG_NAME} ${ARG_MAIN})
    target_link_libraries(${ARG_NAME} PRIVATE ${actors})
    if(TARGET spawn::warnings)
      target_link_libraries(${ARG_NAME} PRIVATE spawn::warnings)
    endif()
  endif()
  if(NOT ARG_AS STREQUAL "host")
    set(more)
    foreach(option SCHEMA MANIFEST COMPONENT)
      if(ARG_${option})
        list(APPEND more ${option} ${ARG_${option}})
      endif()
    endforeach()
    spawn_add_plugin(NAME ${ARG_NAME} KIND actors VERSION ${ARG_VERSION}
                     SOURCES ${glue}/actors_plugin.cpp LIBS ${actors} ${more})
    target_compile_definitions(spawn_plugin_actors_${ARG_NAME} PRIVATE
      SPAWN_ACTORS_NAME="${ARG_NAME}" SPAWN_ACTORS_VERSION="${ARG_VERSION}")
  endif()
endfunction()

# What goes into a plugin exports nothing of its own.
function(spawn_sdk_in_plugins target)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
endfunction()
