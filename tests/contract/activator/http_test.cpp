// The HTTP activator against the suite. Its source is a crowd of clients: each keeps one message
// and sends it again and again until the answer says that it is done.
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "contract/activator/activator_main.hpp"
#include "contract/activator/http_client.hpp"
#include "contract/activator/loopback_port.hpp"

namespace {

using contract::http_client;
using contract::letter;

constexpr std::size_t clients = 100;  // more than any window of the suite
constexpr auto again = std::chrono::milliseconds(50);
constexpr auto answer_limit = std::chrono::seconds(90);

class crowd : public contract::broker {
 public:
  crowd() = default;
  ~crowd() override {
    over_ = true;
    wake_.notify_all();
    for (auto& one : threads_) {
      one.join();
    }
  }

  [[nodiscard]] contract::broker_traits traits() const override {
    contract::broker_traits out;
    out.ordered = false;  // requests of different connections overtake each other
    out.lag = false;
    return out;
  }

  std::string fresh_config() override {
    const std::lock_guard hold(mutex_);
    ++epoch_;
    waiting_ = 0;
    letters_.clear();
    port_ = contract::free_loopback_port();
    return config_of(port_, true);
  }

  void publish(std::span<const letter> letters) override {
    const std::lock_guard hold(mutex_);
    for (const letter& one : letters) {
      letters_.push_back({one, epoch_, port_});
    }
    waiting_ += letters.size();
    while (threads_.size() < clients) {
      threads_.emplace_back([this] { send_letters(); });
    }
    wake_.notify_all();
  }

  [[nodiscard]] std::optional<std::uint64_t> waiting() override {
    const std::lock_guard hold(mutex_);
    return waiting_;
  }

  // Somebody else listens there.
  [[nodiscard]] std::optional<std::string> config_of_nobody() override {
    occupied_ = std::make_unique<contract::occupied_loopback_port>();
    return config_of(occupied_->number(), false);
  }

  [[nodiscard]] std::vector<contract::bad_config> bad_configs() override {
    const auto routes = [](const std::string& route) {
      return R"({"port":1,"routes":[)" + route + "]}";
    };
    return {
        {R"({"routes":[{"path":"/"}]})", "config: port"},
        {R"({"port":1})", "config: routes"},
        {R"({"port":1,"address":"shop","routes":[{"path":"/"}]})", "config: address"},
        {R"({"port":1,"tls":{"cert":"a"},"routes":[{"path":"/"}]})", "config: tls.key"},
        {R"({"port":1,"tls":{"cert":"/none","key":"/none"},"routes":[{"path":"/"}]})",
         "config: tls.cert"},
        {R"({"port":1,"descriptors":"/none","routes":[{"path":"/"}]})", "config: descriptors"},
        {routes(R"({"path":"/{id"})"), "routes[0].path"},
        {routes(R"({"path":"/"},{"path":"/","name":"b"})"), "config: routes"},
        {routes(R"({"path":"/","actor":"{id}"})"), "routes[0].actor"},
        {routes(R"({"path":"/","message":"a.B"})"), "routes[0].message"},
        {routes(R"({"path":"/","auth":{"bearer":{}}})"), "routes[0].auth.bearer.tokens"},
        {routes(R"({"path":"/","auth":{"hmac":{"header":"x"}}})"), "routes[0].auth.hmac.secret"},
    };
  }

 private:
  struct held {
    letter what;
    std::uint64_t epoch;
    std::uint16_t port;
  };

  static std::string config_of(std::uint16_t port, bool shared) {
    return nlohmann::json{{"port", port},
                          {"reuse_port", shared},
                          {"deadline_ms", 60'000},
                          {"queue_ms", 1'000},
                          {"routes", {{{"name", "letters"}, {"path", "/letters"}}}}}
        .dump();
  }

  // One client: a letter at a time.
  void send_letters() {
    http_client http([this] { return over_.load(); });
    std::unique_lock hold(mutex_);
    while (true) {
      wake_.wait(hold, [&] { return over_ || !letters_.empty(); });
      if (over_) {
        return;
      }
      const held one = letters_.front();
      letters_.pop_front();
      hold.unlock();
      send_until_done(http, one);
      hold.lock();
      if (one.epoch == epoch_) {
        --waiting_;
      }
    }
  }

  void send_until_done(http_client& http, const held& one) {
    std::string lines = "Idempotency-Key: " + one.what.id + "\r\n";
    for (const auto& [name, value] : one.what.with) {
      lines += name + ": " + value + "\r\n";
    }
    if (!one.what.content_type.empty()) {
      lines += "Content-Type: " + one.what.content_type + "\r\n";
    }
    const auto text = contract::http_request_text("POST", "/letters", lines, one.what.body);
    while (!over_ && one.epoch == epoch_) {
      if (http.connect(one.port) && http.send(text)) {
        const auto reply = http.receive(answer_limit);
        const bool done = reply && (reply->status / 100 == 2 || reply->status == 422);
        http.close();
        if (done) {
          return;
        }
      }
      std::unique_lock hold(mutex_);
      wake_.wait_for(hold, again, [&] { return over_ || one.epoch != epoch_; });
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> over_ = false;
  std::atomic<std::uint64_t> epoch_ = 0;
  std::uint16_t port_ = 0;
  std::uint64_t waiting_ = 0;
  std::deque<held> letters_;
  std::vector<std::thread> threads_;
  std::unique_ptr<contract::occupied_loopback_port> occupied_;
};

}  // namespace

int main(int argc, char** argv) {
  crowd source;
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, source);
}
