// Reads the database behind the dead kernel's back.
#pragma once

#include <cstdint>
#include <string>

#include "torture/ledger.hpp"

namespace torture {

struct stored_facts {
  std::uint64_t actors = 0;
  std::uint64_t revisions = 0;  // of all actors, history and head
};

// Every actor's revisions are 1 ... n without a gap; each content is built on the one it replaced;
// the last one agrees with the ledger. Sealed contents cannot be read: only the revisions are
// checked. Complaints go to the ledger.
[[nodiscard]] stored_facts check_database(const std::string& path, std::uint32_t actors,
                                          bool sealed, ledger& book);

}  // namespace torture
