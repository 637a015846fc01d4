// One connection to the admin API.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <string>

#include "admin/admin_context.hpp"
#include "admin/lane_ask.hpp"

namespace spawn {

// What all sessions share; outlives them. [admin]
struct admin_sessions {
  static constexpr std::size_t open_max = 64;

  const admin_context& kernel;
  admin_loop loop;
  std::string token;  // wanted on TCP; the Unix socket is guarded by its mode
  std::size_t open = 0;
};

using admin_socket = boost::asio::generic::stream_protocol::socket;

// Serves requests one after another until the peer closes, says so, or is quiet for a minute.
[[nodiscard]] boost::asio::awaitable<void> serve_admin(admin_sessions& all, admin_socket peer,
                                                       bool needs_token);

}  // namespace spawn
