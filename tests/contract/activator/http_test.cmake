activator_test(http SOURCES http_client.cpp LIBS nlohmann_json::nlohmann_json)

# What a client sees, over sockets: the plugin behind a host of the test.
if(TARGET spawn_plugin_activator_http)
  set(descriptors ${CMAKE_CURRENT_BINARY_DIR}/shop.descriptors)
  add_custom_command(OUTPUT ${descriptors}
    COMMAND protobuf::protoc --include_imports --descriptor_set_out=${descriptors}
            -I ${CMAKE_CURRENT_SOURCE_DIR}/http shop.proto
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/http/shop.proto VERBATIM)
  spawn_test(http_clients contract
    SOURCES http/answers_test.cpp http/limits_test.cpp http/content_test.cpp
            http/listening_test.cpp http/kernel_stub.cpp http_client.cpp ${descriptors}
    DEPS spawn::plugin_api Threads::Threads nlohmann_json::nlohmann_json Boost::headers
         OpenSSL::SSL OpenSSL::Crypto ${CMAKE_DL_LIBS})
  add_dependencies(http_clients spawn_plugin_activator_http)
  target_compile_definitions(http_clients PRIVATE
    SPAWN_TEST_PLUGIN="$<TARGET_FILE:spawn_plugin_activator_http>"
    SPAWN_TEST_DESCRIPTORS="${descriptors}")
endif()
