// A transport whose plugin can be changed while messages flow.
#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lane/lane_set.hpp"
#include "plugin/ports/telling_transport_port.hpp"
#include "plugin/ports/transport_overlap.hpp"

namespace spawn {

// Stands before the ports of the plugins that serve: one, and during a swap two. A change goes
// through three steps, which kernel/swap orders: the new one listens to all that the old one does;
// each lane sends through it; the old one listens no more. So whoever sends, through either,
// finds listeners. Of a group both are members, and one of them gets each message; what goes to all
// comes twice, see transport_overlap. A message is answered through the plugin that brought it:
// the first bytes of its reply_to say which, and stations hand it back as it is.
class swappable_transport_port final : public transport_port {
 public:
  // One plugin.
  struct version {
    explicit version(std::unique_ptr<telling_transport_port> of, std::uint8_t number)
        : port(std::move(of)), use(std::make_shared<counts>()) {
      use->number = number;
    }
    struct counts {
      std::uint8_t number = 0;
      std::atomic<std::int64_t> owed{0};    // messages that wait for their answer
      std::atomic<std::uint32_t> lanes{0};  // that send through it
    };
    const std::unique_ptr<telling_transport_port> port;
    const std::shared_ptr<counts> use;
  };
  using version_ptr = std::shared_ptr<version>;
  using told_fn = telling_transport_port::told_fn;

  swappable_transport_port(std::unique_ptr<telling_transport_port> first, const lane_set& lanes);

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] bool has_requests() const noexcept override { return has_requests_; }
  void publish(lane& from, std::string_view subject, std::span<const header_view> headers,
               std::string_view payload) override;
  std::uint64_t subscribe(lane& to, std::string_view pattern, std::string_view group,
                          unique_function<void(transport_message)> on_message) override;
  void unsubscribe(std::uint64_t subscription, unique_function<void()> ended) override;
  void request(lane& from, std::string_view subject, std::span<const header_view> headers,
               std::string_view payload, std::uint64_t deadline_ns, replied_fn replied) override;
  void reply(lane& from, std::string_view reply_to, std::span<const header_view> headers,
             std::string_view payload, replied_fn ended) override;

  // --- the swap [control]
  [[nodiscard]] version_ptr make_version(std::unique_ptr<telling_transport_port> of);
  [[nodiscard]] version_ptr now() const;  // [any]
  // `next` listens too. `told` is called for each subscription there is, with how it went, on the
  // subscription's lane; returns how many there are.
  [[nodiscard]] std::size_t listen_too(version_ptr next, const std::shared_ptr<told_fn>& told);
  // `next` listens no more: the swap is given up. `ended` as in leave().
  [[nodiscard]] std::size_t give_up(const std::shared_ptr<unique_function<void()>>& ended);
  // The one that listens too is the one that serves, and the one before listens no more. `ended` is
  // called for each subscription, on its lane, once nothing more comes. Returns how many.
  [[nodiscard]] std::size_t leave(const std::shared_ptr<unique_function<void()>>& ended);
  // The old one's last messages are not waited for any longer.
  void stop_waiting();
  // Messages that were dropped because two plugins brought them, and that were lost because too
  // many waited; since the start.
  [[nodiscard]] std::uint64_t doubles() const noexcept { return counts_->doubles.load(); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return counts_->lost.load(); }

  // --- [lane]
  void use(lane& at, version_ptr next);
  // Nothing is answered through it any more.
  void forget(lane& at, const version& old);

 private:
  struct totals {
    std::atomic<std::uint64_t> doubles{0}, lost{0};
  };
  struct topic;
  using topic_ptr = std::shared_ptr<topic>;
  struct slot {
    version_ptr now;
    std::vector<version_ptr> older;
  };

  [[nodiscard]] static std::uint64_t listen(version& at, const topic_ptr& to, told_fn told);
  [[nodiscard]] version_ptr by_number(const slot& at, std::uint8_t number) const;

  const std::string name_;
  const bool has_requests_;
  std::vector<slot> slots_;  // by lane [lane]
  const std::shared_ptr<totals> counts_ = std::make_shared<totals>();

  mutable std::mutex mutex_;  // guards what follows
  version_ptr now_, next_;    // next_: listens too
  std::map<std::uint64_t, topic_ptr> topics_;
  std::uint64_t last_topic_ = 0;
  std::uint8_t last_number_ = 0;
};

}  // namespace spawn
