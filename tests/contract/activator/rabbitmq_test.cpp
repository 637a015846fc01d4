// The activator contract over RabbitMQ, and what is RabbitMQ's own. tests/servers/run_with.py
// starts the broker.
#include <cstdio>

#include "contract/activator/activator_main.hpp"
#include "contract/activator/rabbitmq_broker.hpp"
#include "contract/activator/rabbitmq_own.hpp"

int main(int argc, char** argv) {
  const auto at = contract::rabbit_server::from_environment();
  if (!at) {
    std::fputs("SPAWN_TEST_RABBITMQ_PORT is not set: run it through tests/servers/run_with.py\n",
               stderr);
    return contract::skipped_program;
  }
  contract::rabbit_broker source(*at);
  std::vector<contract::check> own = contract::rabbitmq_own_checks(source);
  for (contract::check& one : contract::rabbitmq_fault_checks(source)) {
    own.push_back(std::move(one));
  }
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, source, own);
}
