// Serves the admin API: on a Unix socket, and on TCP if configured.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "admin/admin_context.hpp"
#include "base/result.hpp"
#include "model/reply_slot.hpp"

namespace spawn {

// Has a thread of its own, so that a look at the kernel costs the lanes no more than the tasks that
// read their data. Life: start() while the lanes run; destroyed before they, the registrar or
// the plugins are: that ends all connections and the thread, and removes the socket file. An answer
// that comes later finds nobody and is dropped.
// Owns the socket file. Borrows the context. Thread: [control].
class admin_server {
 public:
  // tcp_port 0: no TCP. With TCP, the token is needed. The Unix socket gets mode 0600.
  [[nodiscard]] static result<std::unique_ptr<admin_server>> start(
      admin_context& kernel, const std::string& socket_path, const std::string& tcp_address = {},
      std::uint16_t tcp_port = 0, const std::string& token = {});
  ~admin_server();
  admin_server(const admin_server&) = delete;
  admin_server& operator=(const admin_server&) = delete;

  // Renders /metrics for the HTTP port on this server's thread, so that no lane does it. May be
  // called on any lane, also after the server is gone: then the answer is `unavailable`.
  [[nodiscard]] std::function<void(reply_slot&)> metrics_source() const;

 private:
  struct parts;
  explicit admin_server(std::unique_ptr<parts> own);
  std::unique_ptr<parts> own_;
};

}  // namespace spawn
