// watchdog: ends the calls of a driver that wait for a server past their deadline, by cutting the
// connection under them. Drivers' own timeouts are whole seconds, and some only ask the server to
// keep them.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "sockets.hpp"
#include "spawn/plugin/cpp/host.hpp"

namespace mssql_store {

// Life: one for an instance; its thread runs from the first connection on. [any]
class watchdog {
 public:
  // One connection; its calls are watched between begin() and end(). Used by one thread.
  class watched {
   public:
    explicit watched(watchdog& by);
    ~watched();
    watched(const watched&) = delete;
    watched& operator=(const watched&) = delete;

    void begin(std::uint64_t deadline_ns);
    // True: the connection was cut.
    bool end();
    // The socket to cut; given back at release().
    void hold(held_socket socket);
    void release();
    // Now: a driver that ends the connection does not wait for the server.
    void cut();
    // While connecting: whatever has been connected to that port since then.
    void expect(const socket_names& before, std::uint32_t port);

   private:
    friend class watchdog;
    watchdog& by_;
    // Under the watchdog's mutex.
    std::uint64_t deadline_ns_ = 0;  // 0: no call is under way
    bool cut_ = false;
    held_socket socket_;
    const socket_names* before_ = nullptr;
    std::uint32_t port_ = 0;
  };

  explicit watchdog(spawn::plugin::host_ref host) : host_(host) {}
  ~watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  // Held while a connection is made, so that its socket can be told from the others'.
  [[nodiscard]] std::timed_mutex& connecting() noexcept { return connecting_; }

 private:
  void loop();
  // False: its socket is not known yet.
  static bool cut_now(watched& of);

  spawn::plugin::host_ref host_;
  std::timed_mutex connecting_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<watched*> all_;
  std::uint64_t next_ns_ = 0;  // the thread sleeps until then; 0: until it is called
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mssql_store
