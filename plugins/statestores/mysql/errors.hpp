// What the error numbers of servers and client library mean for a transaction. Source: the error
// references of MySQL and MariaDB.
#pragma once
#include "sql-common/session.hpp"

namespace mysql_store {

[[nodiscard]] inline sql_store::trouble kind_of(unsigned code) noexcept {
  using sql_store::trouble;
  switch (code) {
    case 1020:  // the record has changed since it was read
    case 1062:  // the key is there already: two made it at once
    case 1205:  // lock wait timeout
    case 1213:  // deadlock
    case 1412:  // the table's definition has changed
    case 3572:  // a lock that was not waited for
      return trouble::retry;
    case 0:     // nothing said
    case 1040:  // too many connections: it is said to a new one
    case 1053:  // the server shuts down
    case 1077:  // the same, from older servers
    case 1079:
    case 1153:  // a packet too large: it hangs up; max_allowed_packet was lowered meanwhile
    case 1184:  // aborted connections
    case 1290:  // read-only: after a failover another server is the one to write to
    case 1836:
    case 1927:  // the connection was killed
    case 4031:  // MySQL: idle for too long
      return trouble::lost;
    case 126:  // numbers of the storage engine, where they are passed on
    case 127:
    case 145:
    case 1034:  // a damaged index
    case 1035:
    case 1194:  // a table marked as damaged
    case 1195:
    case 1712:
    case 1877:
      return trouble::corrupt;
    default:
      // 2000 and 5000 on: the client library's own, after which the connection is of no use.
      return (code >= 2000 && code < 3000) || (code >= 5000 && code < 6000) ? trouble::lost
                                                                            : trouble::refused;
  }
}

// A COMMIT that ends so has left nothing behind; of any other end only the server knows.
[[nodiscard]] inline bool is_rolled_back(unsigned code) noexcept {
  return code == 1213;
}

// A statement that commits by itself and ends so was refused before that, and has left nothing.
[[nodiscard]] inline bool is_before_commit(unsigned code) noexcept {
  switch (code) {
    case 1020:  // the record has changed, a lock that was waited for too long, a deadlock
    case 1205:
    case 1213:
    case 1044:  // what the account may not do
    case 1142:
    case 1143:
    case 1054:  // tables that are not ours, or not there
    case 1146:
    case 1264:  // values that do not go into their column
    case 1366:
    case 1406:
    case 1114:  // no room
      return true;
    default:
      return false;
  }
}

}  // namespace mysql_store
