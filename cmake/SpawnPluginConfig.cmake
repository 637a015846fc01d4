# find_package(SpawnPlugin): the target spawn::plugin_api (the headers) and the functions of
# SpawnPlugin.cmake, which is the file that the kernel's own plugins are built with.
cmake_path(SET SpawnPlugin_PREFIX NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../..")
if(NOT TARGET spawn::plugin_api)
  add_library(spawn::plugin_api INTERFACE IMPORTED)
  set_target_properties(spawn::plugin_api PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${SpawnPlugin_PREFIX}/include")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/SpawnPlugin.cmake")
