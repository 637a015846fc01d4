// spawn-plugin-host: the process of a plugin instance with `isolation: process`. Started by the
// kernel alone.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "plugin/isolate/child.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs(
        "spawn-plugin-host runs one plugin for a kernel that starts it (isolation: process);\n"
        "it is of no use by hand.\n",
        stderr);
    return 2;
  }
  // Nothing is cleaned up twice: the plugin's own exit handlers are left out on purpose.
  ::_exit(spawn::isolate::run_child(static_cast<pid_t>(std::atol(argv[1]))));
}
