if(TARGET spawn_plugin_activator_grpc)
  find_package(gRPC REQUIRED CONFIG)  # its targets are seen in the folder that found them
  activator_test(grpc TIMEOUT 1200
    SOURCES grpc/actor_kernel.cpp grpc/caller.cpp grpc/calls_checks.cpp grpc/config_checks.cpp
            grpc/http_checks.cpp grpc/service_checks.cpp grpc/http_client.cpp grpc/contracts.cpp grpc/retrying_client.cpp
    LIBS gRPC::grpc++ protobuf::libprotobuf OpenSSL::SSL)
  target_compile_definitions(activator_grpc PRIVATE
    SPAWN_TEST_SAMPLE="${CMAKE_SOURCE_DIR}/config/activators/protos")
endif()
