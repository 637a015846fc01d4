// One connection to one server, from connect to its end. It never comes back by itself: the session
// makes the next one.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "nats-common/mailbox.hpp"
#include "nats-common/settings.hpp"

namespace nats_common {

// [session thread], all of it. What arrives goes to the mailbox.
class connection {
 public:
  // Blocks for connect_ms at most. `settings` must outlive the connection. Null, and why, when the
  // server can not be reached or refuses us.
  [[nodiscard]] static std::unique_ptr<connection> open(const connection_settings& settings,
                                                        const std::string& server,
                                                        std::shared_ptr<mailbox> to,
                                                        std::string& why);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  // Ends it; blocks for the write deadline at most.
  ~connection();

  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::size_t max_payload() const noexcept;

  // Hands it to the socket. Anything but OK, MAX_PAYLOAD and INVALID_SUBJECT: it may have gone out.
  [[nodiscard]] natsStatus publish(const outgoing& m);
  // `id` comes with each message; never used twice in a session.
  [[nodiscard]] natsStatus subscribe(std::uint64_t id, const std::string& subject,
                                     const std::string& group);
  void unsubscribe(std::uint64_t id);
  // Nothing new, but what the server has sent already still goes to the mailbox.
  void empty_out(std::uint64_t id);
  // True: after empty_out(), and all of it is in the mailbox.
  [[nodiscard]] bool is_empty(std::uint64_t id) const;

 private:
  struct free_subscription {
    void operator()(natsSubscription* s) const noexcept { natsSubscription_Destroy(s); }
  };

  connection(std::uint64_t number, std::shared_ptr<mailbox> to)
      : number_(number), mailbox_(std::move(to)) {}

  const std::uint64_t number_;
  const std::shared_ptr<mailbox> mailbox_;
  natsConnection* raw_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<natsSubscription, free_subscription>> subscriptions_;
};

}  // namespace nats_common
