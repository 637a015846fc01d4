# What each package is made of, as SPDX, beside the build's own files: `ninja sbom`.
set(SPAWN_SBOM_DIR ${CMAKE_CURRENT_BINARY_DIR}/sbom)
file(MAKE_DIRECTORY ${SPAWN_SBOM_DIR})
# Libraries that are headers alone are compiled in; no linked file shows them.
set(compiled_in libboost1.81-dev nlohmann-json3-dev libcli11-dev libexpected-dev libvalijson-dev)

# Heavy plugins have a component of their own.
get_property(plugins GLOBAL PROPERTY SPAWN_PLUGIN_TARGETS)
set(kernel_targets spawnd spawnctl spawn-plugin-host)
set(SPAWN_HEAVY_PLUGINS)
foreach(target ${plugins})
  get_target_property(component ${target} SPAWN_COMPONENT)
  if(component MATCHES "^plugin-(.*)$")
    list(APPEND SPAWN_HEAVY_PLUGINS ${CMAKE_MATCH_1})
    list(APPEND ${component}_targets ${target})
  else()
    list(APPEND kernel_targets ${target})
  endif()
endforeach()

# spawn_sbom(package target... [COMPILED_IN debian-package...])
function(spawn_sbom package)
  cmake_parse_arguments(ARG "" "" "COMPILED_IN" ${ARGN})
  if(ARG_COMPILED_IN)
    set(compiled_in ${ARG_COMPILED_IN})
  endif()
  set(files)
  foreach(target ${ARG_UNPARSED_ARGUMENTS})
    list(APPEND files $<TARGET_FILE:${target}>)
  endforeach()
  set(out ${SPAWN_SBOM_DIR}/${package}.spdx.json)
  add_custom_command(OUTPUT ${out}
    COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/sbom/sbom.py package
            --name ${package} --version ${PROJECT_VERSION} --compiled-in "${compiled_in}"
            --out ${out} ${files}
    DEPENDS ${ARG_UNPARSED_ARGUMENTS} ${CMAKE_CURRENT_SOURCE_DIR}/sbom/sbom.py
            ${CMAKE_CURRENT_SOURCE_DIR}/sbom/debian.py
            ${CMAKE_CURRENT_SOURCE_DIR}/sbom/licenses.py
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY SPAWN_SBOMS ${out})
endfunction()
spawn_sbom(spawn-kernel ${kernel_targets})
foreach(name ${SPAWN_HEAVY_PLUGINS})
  spawn_sbom(spawn-plugin-${name} ${plugin-${name}_targets})
endforeach()
spawn_sbom(spawn-plugin-dev spawn-plugin-check)
if(SPAWN_SDK)
  spawn_sbom(spawn-sdk-dev spawn_sdk COMPILED_IN libboost1.81-dev libexpected-dev libprotobuf-dev)
endif()
get_property(sboms GLOBAL PROPERTY SPAWN_SBOMS)
add_custom_target(sbom ALL DEPENDS ${sboms})
