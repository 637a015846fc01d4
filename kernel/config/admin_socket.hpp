// Where the admin socket is when the configuration names none. spawnd and spawnctl ask here, so
// that one finds the other.
// Thread: [control]; touches the file system.
#pragma once
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/environment.hpp"

namespace spawn::config {

// In order: /run/spawn/admin.sock, $XDG_RUNTIME_DIR/spawn/admin.sock (if set),
// /tmp/spawn-<uid>/admin.sock. A client tries each.
[[nodiscard]] std::vector<std::string> admin_socket_paths(const environment& env);

// The first whose directory belongs to this user alone to write, or can be made so (mode 0700; /run
// belongs to the system, so only its subdirectory is looked at). A directory in a place where
// others may write is taken only if it is ours, so that nobody can put a socket of theirs there.
[[nodiscard]] result<std::string> choose_admin_socket(const environment& env);
[[nodiscard]] result<std::string> choose_admin_socket(const std::vector<std::string>& paths);

}  // namespace spawn::config
