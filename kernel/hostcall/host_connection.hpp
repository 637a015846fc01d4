// One keep-alive connection to a host.
#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hostcall/host_pool.hpp"
#include "hostcall/response_reader.hpp"

namespace spawn {

struct all_tag;

// Life: made for a call, lives as long as the host keeps it open, deletes itself once closed and no
// handler is outstanding (it holds itself by shared_ptr from its handlers). A read is outstanding
// even while idle, so a host that closes is noticed before the next call is written. [lane]
class host_connection final : public std::enable_shared_from_this<host_connection>,
                              public list_hook<idle_tag>,
                              public list_hook<all_tag> {
 public:
  host_connection(host_pool& pool, boost::asio::io_context& io);

  void open(host_call& call);   // connects, then sends
  void start(host_call& call);  // on an idle connection
  void abandon();               // the pool goes away: close, forget the call

 private:
  friend class host_pool;
  void connect();
  void connected(const boost::system::error_code& failed);
  void write_request();
  void written(const boost::system::error_code& failed, std::size_t bytes);
  void read();
  void received(const boost::system::error_code& failed, std::size_t bytes);
  void parse();
  void answered();
  void fail(host_result result, std::string why);
  void close();
  void arm(std::uint64_t due_ns);
  void timer_fired();

  host_pool* pool_;
  boost::asio::ip::tcp::socket socket_;
  host_call* call_ = nullptr;
  std::string out_;
  bool writing_ = false;
  std::vector<char> in_;
  std::size_t in_used_ = 0;
  std::optional<response_reader> reader_;
  bool connected_ = false;
  bool reading_ = false;
  bool wrote_some_ = false;
  bool closed_ = false;
  std::shared_ptr<host_connection> waiting_self_;  // between two tries to connect
  std::uint64_t retry_until_ns_ = 0;
  std::uint64_t retry_after_ms_ = 10;
  enum class waiting_for {
    nothing,
    retry,
    connect,
    answer,
    idle
  } timer_for_ = waiting_for::nothing;
  struct due_timer : timer {
    host_connection* owner = nullptr;
  } due_;
};

}  // namespace spawn
