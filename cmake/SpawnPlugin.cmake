# spawn_add_plugin(NAME sqlite KIND statestore VERSION 1.0.0 SOURCES a.cpp b.cpp
#                  [SCHEMA schema.json] [MANIFEST manifest.json] [LIBS lib...] [COMPONENT name])
#
# Makes the MODULE target spawn_plugin_<kind>_<name>, whose file is
# ${SPAWN_PLUGIN_OUTPUT_DIR}/<kind>/<name>/<version>/plugin.so, and the header spawn_manifest.h with
# SPAWN_PLUGIN_MANIFEST_JSON: one line of JSON that goes, byte for byte, into the ELF note and into
# entry.manifest_json. MANIFEST holds what only the author knows:
#   {"license": "...", "lanes": "one|many", "blocking": true|false, "capabilities": ["..."]}
# SCHEMA is the JSON Schema of the plugin's `config` block and lands under "config_schema".
# `cmake --install` puts the file, and the manifest beside it as manifest.json, below
# lib/spawn/plugins, where an installed kernel looks. COMPONENT [plugins] chooses what is installed;
# `none` is never.
#
# spawn_add_plugin_test(NAME sqlite_test PLUGIN spawn_plugin_statestore_sqlite SOURCES test.cpp)
#
# Makes a test program that gets the plugin's file as its argument, and registers it with ctest.
#
# This file builds the kernel's own plugins and is installed as it is, for everybody's.

set(SPAWN_PLUGIN_ABI_MAJOR 1)
set(SPAWN_PLUGIN_ABI_MINOR 0)
set(SPAWN_PLUGIN_KINDS statestore transport activator workflow actors)
set(SPAWN_PLUGIN_ENTRY_MAP ${CMAKE_CURRENT_LIST_DIR}/entry.map)

# One line, keys sorted (CMake sorts them), no blanks between the tokens: each match is a token,
# which stays, and the blanks after it, which go.
function(_spawn_compact_json out json)
  string(REGEX REPLACE "(\"([^\"\\]|\\\\.)*\"|[^\" \t\r\n]+)[ \t\r\n]*" "\\1" json "${json}")
  set(${out} "${json}" PARENT_SCOPE)
endfunction()

function(_spawn_read_json out file)
  file(READ "${file}" text)
  string(JSON type ERROR_VARIABLE error TYPE "${text}")
  if(NOT type STREQUAL "OBJECT")
    message(FATAL_ERROR "${file}: not a JSON object ${error}")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

function(_spawn_plugin_manifest out)
  cmake_parse_arguments(ARG "" "NAME;KIND;VERSION;SCHEMA;MANIFEST" "" ${ARGN})
  set(json "{\"license\": \"Apache-2.0\", \"lanes\": \"many\", \"blocking\": false, \"capabilities\": []}")
  if(ARG_MANIFEST)
    _spawn_read_json(given "${ARG_MANIFEST}")
    string(JSON n LENGTH "${given}")
    if(n GREATER 0)
      math(EXPR last "${n} - 1")
      foreach(i RANGE ${last})
        string(JSON member MEMBER "${given}" ${i})
        if(NOT member MATCHES "^(license|lanes|blocking|capabilities|exclusive|unloadable|protobuf)$")
          message(FATAL_ERROR "${ARG_MANIFEST}: unknown key \"${member}\"")
        endif()
        string(JSON value GET "${given}" ${member})
        string(JSON type TYPE "${given}" ${member})
        if(type STREQUAL "STRING")
          set(value "\"${value}\"")
        elseif(type STREQUAL "BOOLEAN")
          string(REPLACE "ON" "true" value "${value}")
          string(REPLACE "OFF" "false" value "${value}")
        endif()
        string(JSON json SET "${json}" ${member} "${value}")
      endforeach()
    endif()
  endif()
  string(JSON lanes GET "${json}" lanes)
  if(NOT lanes MATCHES "^(one|many)$")
    message(FATAL_ERROR "${ARG_MANIFEST}: lanes is \"one\" or \"many\", not \"${lanes}\"")
  endif()
  string(JSON json SET "${json}" name "\"${ARG_NAME}\"")
  string(JSON json SET "${json}" kind "\"${ARG_KIND}\"")
  string(JSON json SET "${json}" version "\"${ARG_VERSION}\"")
  string(JSON json SET "${json}" abi
         "{\"major\": ${SPAWN_PLUGIN_ABI_MAJOR}, \"minor\": ${SPAWN_PLUGIN_ABI_MINOR}}")
  set(schema "{\"type\": \"object\", \"additionalProperties\": false}")
  if(ARG_SCHEMA)
    _spawn_read_json(schema "${ARG_SCHEMA}")
  endif()
  string(JSON json SET "${json}" config_schema "${schema}")
  _spawn_compact_json(json "${json}")
  set(${out} "${json}" PARENT_SCOPE)
endfunction()

function(spawn_add_plugin)
  cmake_parse_arguments(ARG "" "NAME;KIND;VERSION;SCHEMA;MANIFEST;COMPONENT" "SOURCES;LIBS" ${ARGN})
  foreach(need NAME KIND VERSION SOURCES)
    if(NOT ARG_${need})
      message(FATAL_ERROR "spawn_add_plugin: ${need} is missing")
    endif()
  endforeach()
  if(NOT ARG_KIND IN_LIST SPAWN_PLUGIN_KINDS)
    message(FATAL_ERROR "spawn_add_plugin: KIND ${ARG_KIND} is none of ${SPAWN_PLUGIN_KINDS}")
  endif()
  foreach(file SCHEMA MANIFEST)
    if(ARG_${file})
      cmake_path(ABSOLUTE_PATH ARG_${file} BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    endif()
  endforeach()
  if(NOT SPAWN_PLUGIN_OUTPUT_DIR)
    set(SPAWN_PLUGIN_OUTPUT_DIR ${CMAKE_BINARY_DIR}/plugins)
  endif()

  set(target spawn_plugin_${ARG_KIND}_${ARG_NAME})
  _spawn_plugin_manifest(manifest NAME "${ARG_NAME}" KIND "${ARG_KIND}" VERSION "${ARG_VERSION}"
                         SCHEMA "${ARG_SCHEMA}" MANIFEST "${ARG_MANIFEST}")
  string(REPLACE "\\" "\\\\" literal "${manifest}")
  string(REPLACE "\"" "\\\"" literal "${literal}")
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target})
  file(CONFIGURE OUTPUT ${generated}/spawn_manifest.h @ONLY CONTENT
"#pragma once
#define SPAWN_PLUGIN_MANIFEST_JSON \"@literal@\"
")

  add_library(${target} MODULE ${ARG_SOURCES})
  set_property(GLOBAL APPEND PROPERTY SPAWN_PLUGIN_TARGETS ${target})
  set(dir ${SPAWN_PLUGIN_OUTPUT_DIR}/${ARG_KIND}/${ARG_NAME}/${ARG_VERSION})
  set_target_properties(${target} PROPERTIES
    PREFIX "" OUTPUT_NAME plugin SUFFIX .so LIBRARY_OUTPUT_DIRECTORY ${dir}
    C_STANDARD 11 CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${SPAWN_PLUGIN_ENTRY_MAP})
  target_include_directories(${target} PRIVATE ${generated} ${CMAKE_CURRENT_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE BOOST_ASIO_DISABLE_VISIBILITY=1)
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${SPAWN_PLUGIN_ENTRY_MAP} -Wl,--exclude-libs,ALL -Wl,--as-needed
    -Wl,-z,now)
  if(NOT SPAWN_SANITIZE AND NOT SPAWN_FUZZ)
    # A sanitizer's own symbols come from the executable, so only plain builds can ask for this.
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  target_link_libraries(${target} PRIVATE spawn::plugin_api ${ARG_LIBS})
  if(TARGET spawn::warnings)
    target_link_libraries(${target} PRIVATE spawn::warnings)
  endif()
  file(CONFIGURE OUTPUT ${generated}/manifest.json @ONLY CONTENT "@manifest@\n")
  if(NOT ARG_COMPONENT)
    set(ARG_COMPONENT plugins)
  endif()
  set_target_properties(${target} PROPERTIES SPAWN_COMPONENT ${ARG_COMPONENT})
  if(NOT ARG_COMPONENT STREQUAL "none")
    set(dir lib/spawn/plugins/${ARG_KIND}/${ARG_NAME}/${ARG_VERSION})
    install(TARGETS ${target} LIBRARY COMPONENT ${ARG_COMPONENT} DESTINATION ${dir})
    install(FILES ${generated}/manifest.json COMPONENT ${ARG_COMPONENT} DESTINATION ${dir})
  endif()
endfunction()

function(spawn_add_plugin_test)
  cmake_parse_arguments(ARG "" "NAME;PLUGIN" "SOURCES;LIBS" ${ARGN})
  foreach(need NAME PLUGIN SOURCES)
    if(NOT ARG_${need})
      message(FATAL_ERROR "spawn_add_plugin_test: ${need} is missing")
    endif()
  endforeach()
  add_executable(${ARG_NAME} ${ARG_SOURCES})
  set_target_properties(${ARG_NAME} PROPERTIES
    C_STANDARD 11 CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON)
  target_link_libraries(${ARG_NAME} PRIVATE spawn::plugin_api ${CMAKE_DL_LIBS} ${ARG_LIBS})
  add_dependencies(${ARG_NAME} ${ARG_PLUGIN})
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} $<TARGET_FILE:${ARG_PLUGIN}>)
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT 60)
endfunction()
