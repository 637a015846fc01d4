// The activator contract over the cron activator, and what is its own.
#include "contract/activator/activator_main.hpp"
#include "contract/activator/cron_broker.hpp"
#include "contract/activator/cron_checks.hpp"

int main(int argc, char** argv) {
  contract::cron_broker broker;
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, broker,
                                          contract::cron_checks(broker));
}
