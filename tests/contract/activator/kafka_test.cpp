// The activator contract over Apache Kafka, and what is Kafka's own.
#include <iostream>

#include "contract/activator/activator_main.hpp"
#include "contract/activator/kafka_checks.hpp"

int main(int argc, char** argv) {
  if (contract::kafka_variable("BROKERS").empty()) {
    std::cout << "skipped: no server; tests/servers/run_with.py kafka starts one\n";
    return contract::skipped_program;
  }
  contract::kafka_broker broker;
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, broker,
                                          contract::kafka_checks(broker));
}
