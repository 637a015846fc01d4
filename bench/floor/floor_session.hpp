// One client connection of the floor and its connection to the host.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

namespace spawn::bench {

// Serves until either side closes. Life cycle: keeps itself alive by its own operations.
// Thread: the one of the socket's io_context.
void start_floor_session(boost::asio::ip::tcp::socket client,
                         const boost::asio::ip::tcp::endpoint& upstream);

}  // namespace spawn::bench
