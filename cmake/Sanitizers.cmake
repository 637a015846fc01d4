# SPAWN_SANITIZE: a comma list for -fsanitize=. Applied to every target of the build, so that no
# object file is left without it.
set(SPAWN_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined or thread")
option(SPAWN_FUZZ "build the libFuzzer targets" OFF)
if(SPAWN_SANITIZE)
  # Unoptimised: the checks make optimising slow (nearly half of a file's compile time), and what
  # is optimised away is not checked.
  add_compile_options(-fsanitize=${SPAWN_SANITIZE} -fno-sanitize-recover=all -O0)
  add_link_options(-fsanitize=${SPAWN_SANITIZE})
endif()
if(SPAWN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address -fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fsanitize=address -fprofile-instr-generate)
endif()
