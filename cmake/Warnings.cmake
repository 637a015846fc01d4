# spawn::warnings: what every first-party target is compiled with. A warning is an error.
add_library(spawn_warnings INTERFACE)
add_library(spawn::warnings ALIAS spawn_warnings)
target_compile_options(spawn_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Werror -Wno-gnu-zero-variadic-macro-arguments
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast>)
