# The contract suites as libraries: tests/contract runs them with GoogleTest, tools/plugin-check over
# any plugin. Found by both, made once.
include_guard(GLOBAL)
set(dir ${CMAKE_CURRENT_LIST_DIR})

# contract_suite(target folder file...)
function(contract_suite target folder)
  list(TRANSFORM ARGN PREPEND ${dir}/${folder}/)
  add_library(${target} STATIC ${ARGN})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/tests)
  target_link_libraries(${target} PUBLIC spawn::plugin_api ${CMAKE_DL_LIBS} Threads::Threads
                        PRIVATE spawn::warnings)
endfunction()

contract_suite(contract_statestore statestore
  handoff_suite.cpp statestore_suite.cpp store_client.cpp suite_groups.cpp suite_kill.cpp suite_limits.cpp
  suite_model.cpp suite_pages.cpp suite_records.cpp suite_upkeep.cpp)
contract_suite(contract_gate common gate.cpp)
contract_suite(contract_transport transport
  bus_client.cpp kv_client.cpp suite_leave.cpp suite_random.cpp transport_kv_suite.cpp transport_suite.cpp)
target_link_libraries(contract_transport PUBLIC contract_gate)
contract_suite(contract_activator activator
  activator_suite.cpp bench.cpp killed_client.cpp sink_client.cpp source_client.cpp suite_again.cpp
  suite_delivery.cpp suite_life.cpp suite_random.cpp suite_settle.cpp suite_sink.cpp suite_window.cpp)
target_link_libraries(contract_activator PUBLIC contract_gate)
contract_suite(spawn_contract_workflow workflow
  part_corpus.cpp plugin_under_test.cpp step.cpp suite.cpp suite_flows.cpp)
