// Asks tests/servers/run_with.py, under which a test program runs, to do something with a server.
#pragma once
#include <string>

namespace contract {

// Sends "rabbitmq kill9" or the like and returns when it is done. Throws failed with what the other
// side says, and skipped when the program does not run under run_with.py.
void ask_control(const std::string& line);

}  // namespace contract
