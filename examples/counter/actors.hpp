// The actors of the example, each declared in a file of its own.
#pragma once

#include "spawn/sdk/actor_set.hpp"

namespace example {

// `counter`: one instance. Add takes an AddRequest or JSON {"amount": n}; Show answers JSON. Get is
// answered by the kernel itself, from the state it keeps.
void declare_counter(spawn::sdk::actor_set& app);

// `Account`: as many instances as there are names. Deposit and Withdraw take an Amount or JSON
// {"amount": n}; Transfer a TransferRequest or JSON {"to": "name", "amount": n}; Show answers JSON.
void declare_account(spawn::sdk::actor_set& app);

}  // namespace example

// All of them, for the host and for the plugin.
void declare_actors(spawn::sdk::actor_set& app);
