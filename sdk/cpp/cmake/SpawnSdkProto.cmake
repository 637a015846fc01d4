# spawn_sdk_proto(TARGET a.proto [b.proto...]): a static library of lite code; the directory of the
# .proto files is its include root, so proto/a.proto is included as "a.pb.h".
function(spawn_sdk_proto target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/${target})
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(proto ${ARGN})
    cmake_path(ABSOLUTE_PATH proto BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(GET proto PARENT_PATH dir)
    cmake_path(GET proto STEM stem)
    add_custom_command(
      OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
      COMMAND protobuf::protoc --cpp_out=lite:${out} -I ${dir} ${proto}
      DEPENDS ${proto} VERBATIM COMMENT "Compiling ${stem}.proto")
    list(APPEND sources ${out}/${stem}.pb.cc)
  endforeach()
  add_library(${target} STATIC ${sources})
  spawn_sdk_in_plugins(${target})
  target_include_directories(${target} SYSTEM PUBLIC ${out})
  target_link_libraries(${target} PUBLIC protobuf::libprotobuf-lite)
endfunction()
