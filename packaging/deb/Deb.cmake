# Debian packages by CPack; packaging/deb/build makes them. A package is a group of components:
#   spawn-kernel         programs, light plugins, configuration, unit, documents
#   spawn-plugin-<name>  one heavy plugin each, so that its libraries come only where it is wanted
#   spawn-plugin-dev     headers, CMake files and the checker, for authors of plugins
#   spawn-sdk-dev        the C++ SDK, for authors of actors
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME spawn-kernel)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_VENDOR "Spawn Kernel")
set(CPACK_PACKAGE_CONTACT "Spawn Kernel maintainers <maintainers@spawn-kernel.invalid>")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENTS_ALL)

# spawn_deb(NAME "one line" [DEPENDS a, b] [RECOMMENDS c, d] COMPONENTS ...)
function(spawn_deb name summary)
  cmake_parse_arguments(ARG "" "DEPENDS;RECOMMENDS" "COMPONENTS" ${ARGN})
  string(REPLACE "-" "_" group ${name})
  string(TOUPPER ${group} upper)
  install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/deb/copyright DESTINATION share/doc/${name}
          COMPONENT ${name}-papers)
  install(FILES ${SPAWN_SBOM_DIR}/${name}.spdx.json DESTINATION share/spawn/sbom
          COMPONENT ${name}-papers)
  list(APPEND CPACK_COMPONENTS_ALL ${ARG_COMPONENTS} ${name}-papers)
  foreach(component ${ARG_COMPONENTS} ${name}-papers)
    string(TOUPPER ${component} part)
    set(CPACK_COMPONENT_${part}_GROUP ${group} PARENT_SCOPE)
  endforeach()
  set(CPACK_COMPONENTS_ALL ${CPACK_COMPONENTS_ALL} PARENT_SCOPE)
  set(CPACK_COMPONENT_GROUP_${upper}_DESCRIPTION "${summary}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${name} PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_DESCRIPTION "${summary}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "${ARG_DEPENDS}" PARENT_SCOPE)
  set(CPACK_DEBIAN_${upper}_PACKAGE_RECOMMENDS "${ARG_RECOMMENDS}" PARENT_SCOPE)
endfunction()

# The zones of reminders are read from the system; activators check certificates against its CAs.
spawn_deb(spawn-kernel "sidecar with durable virtual actors"
  DEPENDS "tzdata, passwd" RECOMMENDS "ca-certificates" COMPONENTS kernel plugins service docs)
set(CPACK_DEBIAN_SPAWN_KERNEL_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_SOURCE_DIR}/deb/conffiles ${CMAKE_CURRENT_SOURCE_DIR}/deb/postinst
    ${CMAKE_CURRENT_SOURCE_DIR}/deb/prerm ${CMAKE_CURRENT_SOURCE_DIR}/deb/postrm)
set(same "spawn-kernel (= ${PROJECT_VERSION})")
foreach(name ${SPAWN_HEAVY_PLUGINS})
  set(recommends)
  if(name STREQUAL mssql)
    set(recommends tdsodbc)
  endif()
  spawn_deb(spawn-plugin-${name} "${name} plugin of the Spawn kernel"
    DEPENDS "${same}" RECOMMENDS "${recommends}" COMPONENTS plugin-${name})
endforeach()
spawn_deb(spawn-plugin-dev "what authors of Spawn kernel plugins build with"
  DEPENDS "${same}" RECOMMENDS "cmake, pkg-config, c-compiler"
  COMPONENTS plugin-dev)
# A host is built without the kernel; actors as a plugin of it with the author's kit.
if(SPAWN_SDK)
  string(REGEX MATCH "^([0-9]+)[.]([0-9]+)" protobuf ${Protobuf_VERSION})  # generated code is of one series
  math(EXPR next "${CMAKE_MATCH_2} + 1")
  spawn_deb(spawn-sdk-dev "actors in C++ for the Spawn kernel"
    DEPENDS "libprotobuf-dev (>= ${protobuf}), libprotobuf-dev (<< ${CMAKE_MATCH_1}.${next}), protobuf-compiler, libexpected-dev"
    RECOMMENDS "spawn-plugin-dev (= ${PROJECT_VERSION}), cmake, g++" COMPONENTS sdk-dev)
endif()
include(CPack)
