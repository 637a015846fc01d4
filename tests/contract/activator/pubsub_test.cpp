// The activator contract over Pub/Sub, and what is Pub/Sub's own.
#include "contract/activator/activator_main.hpp"
#include "contract/activator/pubsub_checks.hpp"
#include "contract/activator/pubsub_driver.hpp"

int main(int argc, char** argv) {
  contract::pubsub_broker broker;
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, broker,
                                          contract::pubsub_checks(broker));
}
