# cmake -DFROM=<proto> -DTO=<proto> -P PrivateProto.cmake
#
# Copies a public .proto into the SDK's own package, spawn.sdk.wire, with an Any of its own. The
# bytes on the wire stay the same; only C++ names change. So an actor host may compile the public
# files too, or link full protobuf, and no symbol is defined twice.
file(READ "${FROM}" text)
string(REPLACE "package spawn.actors;" "package spawn.sdk.wire.actors;" text "${text}")
string(REPLACE "package spawn;" "package spawn.sdk.wire;" text "${text}")
string(REPLACE "import \"google/protobuf/any.proto\";" "import \"spawn/sdk/wire/any.proto\";" text
       "${text}")
string(REPLACE "import \"google/protobuf/timestamp.proto\";\n" "" text "${text}")
string(REPLACE "\"spawn/actors/actor.proto\"" "\"spawn/sdk/wire/actor.proto\"" text "${text}")
string(REPLACE " spawn.actors." " .spawn.sdk.wire.actors." text "${text}")
string(REPLACE "google.protobuf." ".spawn.sdk.wire." text "${text}")
file(WRITE "${TO}" "${text}")
