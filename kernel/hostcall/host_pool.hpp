// Keep-alive connections of one lane to one host address.
#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "hostcall/host_link.hpp"
#include "lane/lane.hpp"

namespace spawn {

struct host_link_options {
  std::uint32_t connections_max = limits::host_connections_max;
  std::uint32_t waiting_max = limits::host_waiting_max;
  std::uint64_t idle_ms = limits::host_idle_ms;
  std::uint64_t connect_ms = limits::host_connect_ms;
  std::uint64_t retry_ms = 5'000;  // how long a refused connection is tried again
  std::uint64_t reply_bytes_max = limits::host_reply_bytes_max;
};

class host_connection;
struct idle_tag;

// One call per connection at a time, no pipelining. A call without a free connection opens one, up
// to the bound; beyond it, calls wait in order, up to a bound of their own, past which they are
// refused. [lane]
class host_pool {
 public:
  host_pool(lane& home, boost::asio::io_context& io, std::shared_ptr<const host_address> to,
            const host_link_options& options);
  ~host_pool();
  host_pool(const host_pool&) = delete;
  host_pool& operator=(const host_pool&) = delete;

  void send(host_call& call);
  [[nodiscard]] std::uint32_t open_connections() const noexcept { return open_; }

 private:
  friend class host_connection;
  // Ends a call on a later task, so that `done` never runs inside send().
  void finish(host_call& call, host_result result, std::string why);
  void connection_idle(host_connection& connection);
  void connection_closed(host_connection& connection);
  void start_waiting();
  void expire_waiting();
  void arm_expiry(const host_call& call);
  void open_connection(host_call& call);

  lane& lane_;
  boost::asio::io_context& io_;
  const std::shared_ptr<const host_address> to_;
  const host_link_options options_;
  std::string request_head_;  // everything of the request head that never changes
  boost::asio::ip::tcp::endpoint endpoint_;
  bool endpoint_known_ = false;

  intrusive_list<host_connection, idle_tag> idle_;
  intrusive_list<host_call, host_call_tag> waiting_;
  std::uint32_t waiting_count_ = 0;
  std::uint32_t open_ = 0;

  struct expiry_timer : timer {
    host_pool* pool = nullptr;
  } expiry_;
  struct finish_task : task {
    host_pool* pool = nullptr;
    bool queued = false;
  } finish_task_;
  intrusive_list<host_call, host_call_tag> finished_;
  intrusive_list<host_connection, struct all_tag> all_;
};

}  // namespace spawn
