// Serves the admin API: on a Unix socket, and on TCP if configured.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "admin/admin_context.hpp"
#include "base/result.hpp"

namespace spawn {

// Has a thread of its own, so that a look at the kernel costs the lanes no more than the tasks that
// read their data. Life: start() while the lanes run; stop() before they, the registrar or the
// plugins are destroyed. An answer that comes after stop() finds nobody and is dropped.
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

  // Ends all connections and the thread; the socket file is gone afterwards. Once or more often.
  void stop();

 private:
  struct parts;
  explicit admin_server(std::unique_ptr<parts> own);
  std::unique_ptr<parts> own_;
};

}  // namespace spawn
