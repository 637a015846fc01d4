// The listener of an actor host: HTTP/1.1 with keep-alive over one shared epoll.
#pragma once

#include <google/protobuf/message_lite.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace spawn::sdk::detail {

// What the server calls for each request. Thread: any worker; `worker` tells which.
class request_sink {
 public:
  struct request {
    bool post = false;
    std::string_view target;
    std::string_view body;
  };
  // What it refers to stays valid until the same worker's next call; without a message the body is
  // the text.
  struct reply {
    int status = 500;
    const google::protobuf::MessageLite* body = nullptr;
    std::string_view text = {};
  };

  virtual ~request_sink() = default;
  virtual reply serve(unsigned worker, const request& request) = 0;
};

struct server_options {
  std::string address;
  std::uint16_t port = 0;
  unsigned threads = 1;
  std::size_t body_max = 0;
  std::size_t connections_max = 4096;
};

class connection;

// All workers wait on one epoll, so a worker that an action blocks holds up nobody else: the next
// ready connection goes to any free worker. Events are edge-triggered and a connection is served by
// one worker at a time; see connection::claim.
//
// Life cycle: listen(), start(), request_stop(), join(). Thread: control; request_stop() on any.
// Owns sockets, connections and workers; borrows the sink.
class http_server {
 public:
  explicit http_server(request_sink& sink);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  // Throws std::system_error, or std::invalid_argument when the address is not an IP address.
  void listen(const server_options& options);
  void start();
  void request_stop();
  void join();
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void work(unsigned worker);
  void accept_all();
  void close_connection(connection& closing);

  request_sink& sink_;
  server_options options_;
  std::uint16_t port_ = 0;
  int epoll_ = -1;
  int listener_ = -1;
  int stop_event_ = -1;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> workers_;

  // Connections are reused, never freed before the workers have ended: an event that another
  // worker still holds may name one that was closed.
  std::vector<std::unique_ptr<connection>> table_;
  std::mutex table_mutex_;  // guards the two below; taken when a connection opens or closes
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 0;  // slots of table_ that were ever open
};

}  // namespace spawn::sdk::detail
