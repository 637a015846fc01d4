# find_package(SpawnSdk): spawn::sdk, spawn_add_actors() and spawn_sdk_proto(). Plugins need the
# author's kit too (SpawnPlugin); hosts do not.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Protobuf)
find_dependency(tl-expected)
cmake_path(SET SpawnSdk_PREFIX NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../..")
find_package(SpawnPlugin QUIET HINTS "${SpawnSdk_PREFIX}")
if(NOT TARGET spawn::sdk)
  add_library(spawn::sdk STATIC IMPORTED)
  set_target_properties(spawn::sdk PROPERTIES
    IMPORTED_LOCATION "${SpawnSdk_PREFIX}/lib/libspawn_sdk.a"
    INTERFACE_INCLUDE_DIRECTORIES "${SpawnSdk_PREFIX}/include"
    INTERFACE_COMPILE_FEATURES cxx_std_20
    INTERFACE_LINK_LIBRARIES "protobuf::libprotobuf-lite;tl::expected;Threads::Threads")
endif()
include("${SpawnSdk_PREFIX}/share/spawn/sdk/cmake/SpawnActors.cmake")
include("${SpawnSdk_PREFIX}/share/spawn/sdk/cmake/SpawnSdkProto.cmake")
