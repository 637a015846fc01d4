// The activator's HTTP client and signatures: so many loops as it has receivers, each of which
// receives ten messages, deletes the ten, and begins again.
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "broker.hpp"
#include "http_client.hpp"
#include "sigv4.hpp"

namespace spawn::bench {

namespace {

using nlohmann::json;
constexpr std::size_t batch_max = 10;  // the service's bound
constexpr int loops = 4;               // as the activator's `receivers`

std::int64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

class sqs_queue final : public broker {
 public:
  explicit sqs_queue(const std::string& at) {
    const std::size_t host = at.find("//") + 2;
    const std::size_t colon = at.rfind(':');
    to_.host = at.substr(host, colon - host);
    to_.port = static_cast<std::uint16_t>(std::stoi(at.substr(colon + 1)));
  }

  void make(const std::string& queue) override {
    run([&] { ask("CreateQueue", {{"QueueName", queue}}, [this](const json&) { loop_->end(); }); });
  }

  void publish(const std::string& queue, std::span<const letter> letters) override {
    find(queue);
    int busy = 0;
    std::function<void()> next = [&] {
      if (letters.empty()) {
        return busy == 0 ? loop_->end() : void();
      }
      json entries = json::array();
      for (const letter& one : letters.first(std::min(batch_max, letters.size()))) {
        entries.push_back({{"Id", std::to_string(entries.size())}, {"MessageBody", one.body}});
      }
      letters = letters.subspan(entries.size());
      ++busy;
      ask("SendMessageBatch", {{"QueueUrl", url_}, {"Entries", entries}},
          [&, count = entries.size()](const json& answer) {
            if (answer.value("Successful", json::array()).size() != count) {
              throw std::runtime_error("a message was not taken");
            }
            --busy;
            next();
          });
    };
    run([&] { start(next); });
  }

  void consume(const std::string& queue, std::uint64_t messages, std::uint32_t, handler& work,
               stopwatch& watch) override {
    find(queue);
    std::uint64_t done = 0;
    // Each loop waits for its last answer: what a receive that nobody waits for takes from the
    // queue is hidden from the next one who asks.
    int busy = loops;
    std::function<void()> next = [&] {
      if (done >= messages) {
        return --busy == 0 ? loop_->end() : void();
      }
      ask("ReceiveMessage",
          {{"QueueUrl", url_}, {"MaxNumberOfMessages", batch_max}, {"WaitTimeSeconds", 1}},
          [&](const json& answer) {
            json entries = json::array();
            for (const json& one : answer.value("Messages", json::array())) {
              work.take(one.at("MessageId").get_ref<const std::string&>(),
                        one.at("Body").get_ref<const std::string&>());
              entries.push_back({{"Id", std::to_string(entries.size())},
                                 {"ReceiptHandle", one.at("ReceiptHandle")}});
            }
            if (entries.empty()) {
              return next();
            }
            watch.first();
            work.finish();
            ask("DeleteMessageBatch", {{"QueueUrl", url_}, {"Entries", entries}},
                [&](const json& deleted) {
                  done += deleted.value("Successful", json::array()).size();
                  watch.last();
                  next();
                });
          });
    };
    run([&] { start(next); });
  }

 private:
  template <class F>
  void start(F& next) {
    for (int i = 0; i < loops; ++i) {
      next();
    }
  }

  // Works until the loop is ended by what `first` leads to.
  template <class F>
  void run(F&& first) {
    http_.reset();
    loop_.emplace();  // one that has ended stays so
    http_.emplace(*loop_, sqs::tls_settings{}, patience_s * 1'000);
    loop_->post(std::forward<F>(first));
    loop_->run();
  }

  void find(const std::string& queue) {
    if (!url_.empty()) {
      return;  // one queue for a program
    }
    run([&] {
      ask("GetQueueUrl", {{"QueueName", queue}}, [this](const json& answer) {
        url_ = answer.at("QueueUrl");
        loop_->end();
      });
    });
  }

  void ask(const std::string& action, const json& body, std::function<void(const json&)> then) {
    sqs::http_request request;
    request.to = to_;
    request.body = body.dump();
    request.answer_ms = patience_s * 1'000;
    request.headers = {{"Host", to_.authority()},
                       {"Content-Type", "application/x-amz-json-1.0"},
                       {"X-Amz-Target", "AmazonSQS." + action}};
    sqs::sign_post(request.headers, request.body, {"bench", "bench", {}, 0},
                   {"us-east-1", "sqs", unix_ms()});
    (void)http_->send(
        std::move(request), [action, then = std::move(then)](const sqs::http_answer& answer) {
          if (answer.how != sqs::http_answer::ending::answered || answer.status != 200) {
            throw std::runtime_error(action + ": " + std::to_string(answer.status) + " " +
                                     answer.error + answer.body);
          }
          then(answer.body.empty() ? json::object() : json::parse(answer.body));
        });
  }

  std::optional<sqs::event_loop> loop_;
  std::optional<sqs::http_client> http_;
  sqs::origin to_;
  std::string url_;
};

}  // namespace

std::unique_ptr<broker> make_sqs(const std::string& at) {
  return std::make_unique<sqs_queue>(at);
}

}  // namespace spawn::bench
