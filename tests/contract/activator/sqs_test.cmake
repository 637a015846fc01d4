# The same program over two emulators that have nothing in common. moto is slow: what is held while
# hundreds of messages pass would show again, and nobody extends it here; hundreds at once into a FIFO
# queue take it longer than a request may.
activator_test(sqs SERVER sqs_fauxqs SOURCES sqs_broker.cpp LIBS sqs_core TIMEOUT 900)
if(TARGET activator_sqs)
  add_test(NAME contract.activator_sqs_moto
           COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/servers/run_with.py sqs_moto --
                   $<TARGET_FILE:activator_sqs>
                   --gtest_filter=-window.it_is_never_overrun:delivery.everything_arrives_once:fifo_sink.many_are_in_flight)
  set_tests_properties(contract.activator_sqs_moto PROPERTIES
    LABELS "contract;broker" TIMEOUT 900 SKIP_RETURN_CODE 77)
endif()
