activator_test(rabbitmq SERVER rabbitmq
  SOURCES rabbitmq_broker.cpp rabbitmq_client.cpp rabbitmq_faults.cpp rabbitmq_own.cpp
          ../common/control.cpp
  LIBS rabbitmq::rabbitmq TIMEOUT 1800)
