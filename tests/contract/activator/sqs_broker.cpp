#include "contract/activator/sqs_broker.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <random>

#include "contract/common/check.hpp"
#include "digest.hpp"
#include "outgoing.hpp"

namespace contract {

namespace {

using nlohmann::json;

constexpr const char* suffix = ".fifo";

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

// One request on a connection of its own; the whole answer.
std::string ask(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{30, 0};
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) {
    std::size_t sent = 0;
    while (sent < request.size()) {
      const ssize_t n = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) {
        break;
      }
      sent += static_cast<std::size_t>(n);
    }
    std::array<char, 65'536> piece{};
    for (ssize_t n = 0; (n = ::recv(fd, piece.data(), piece.size(), 0)) > 0;) {
      answer.append(piece.data(), static_cast<std::size_t>(n));
    }
  }
  ::close(fd);
  return answer;
}

json attributes_of(const letter& one) {
  json out = json::object();
  const auto add = [&](const std::string& name, const std::string& value) {
    out[name] = {{"DataType", "String"}, {"StringValue", value}};
  };
  for (const auto& [name, value] : one.with) {
    add(name, value);
  }
  if (!one.content_type.empty()) {
    add("Content-Type", one.content_type);
  }
  if (!sqs::is_plain_body(one.body)) {
    add("spawn-body", one.body.empty() ? "empty" : "base64");
  }
  return out;
}

// A message as the sink wrote it, read back by hand.
letter letter_of(const json& message) {
  letter out;
  std::string encoding;
  out.body = message.at("Body");
  const json attributes = message.value("MessageAttributes", json::object());
  for (const auto& [name, held] : attributes.items()) {
    const std::string value = held.at("StringValue");
    if (name == "content-type") {
      out.content_type = value;
    } else if (name == "spawn-dedup-id") {
      out.id = value;
    } else if (name == "spawn-key") {
      out.key = value;
    } else if (name == "spawn-body") {
      encoding = value;
    } else {
      out.with.emplace_back(name, value);
    }
  }
  const json system = message.value("Attributes", json::object());
  out.id = system.value("MessageDeduplicationId", out.id);
  out.key = system.value("MessageGroupId", out.key);
  if (encoding == "base64") {
    out.body = sqs::from_base64(out.body).value_or("not base64");
  } else if (encoding == "empty") {
    out.body.clear();
  }
  return out;
}

}  // namespace

json sqs_service::call(const std::string& action, const json& body) const {
  const std::string text = body.dump();
  const std::string answer = ask(
      port_,
      "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
      "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AmazonSQS." +
          action +
          "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=test/20200101/us-east-1/sqs/aws4_request,"
          " SignedHeaders=host, Signature=0\r\nContent-Length: " +
          std::to_string(text.size()) + "\r\n\r\n" + text);
  const auto blank = answer.find("\r\n\r\n");
  const auto status = answer.find(" 200 ");
  require(blank != std::string::npos && status != std::string::npos && status < 16,
          action + " failed: " + answer.substr(0, 300));
  const std::string what = answer.substr(blank + 4);
  return what.empty() ? json::object() : json::parse(what);
}

sqs_broker::sqs_broker(const std::string& url, bool fifo, const sqs_pace& pace)
    : port_(port_of(url)), service_(port_), gate_(port_), fifo_(fifo), pace_(pace) {}

broker_traits sqs_broker::traits() const {
  broker_traits out;
  out.ordered = fifo_;
  out.forgets = false;
  out.body_bytes_max = 150u << 10;
  out.sink_bytes_max = 200u << 10;
  return out;
}

std::string sqs_broker::make_queue(const std::string& prefix) {
  static const std::string run = std::to_string(std::random_device{}());
  const std::string name = prefix + run + "-" + std::to_string(++made_) + (fifo_ ? suffix : "");
  json attributes = json::object();
  if (fifo_) {
    attributes["FifoQueue"] = "true";
  }
  (void)service_.call("CreateQueue", {{"QueueName", name}, {"Attributes", attributes}});
  return name;
}

std::string sqs_broker::url_of(const std::string& queue) const {
  return service_.call("GetQueueUrl", {{"QueueName", queue}}).at("QueueUrl");
}

json sqs_broker::config_on(const std::string& endpoint) const {
  return {{"endpoint", endpoint},        {"queue", queue_},
          {"region", "us-east-1"},       {"access_key_id", "test"},
          {"secret_access_key", "test"}, {"visibility_seconds", pace_.visibility_seconds},
          {"wait_seconds", 1},           {"lag_seconds", 1},
          {"request_ms", 30000},         {"receivers", pace_.receivers}};
}

std::string sqs_broker::fresh_config() {
  come_back();
  dead_.clear();
  queue_ = make_queue("from");
  json config = config_on("http://127.0.0.1:" + std::to_string(gate_.port()));
  config["dead_letter_queue"] = make_queue("dead");
  return config.dump();
}

void sqs_broker::publish(std::span<const letter> letters) {
  const std::string url = url_of(queue_);
  json entries = json::array();
  std::size_t bytes = 0;
  const auto send = [&] {
    const json answer =
        service_.call("SendMessageBatch", {{"QueueUrl", url}, {"Entries", entries}});
    require(answer.at("Successful").size() == entries.size(), "the emulator refused a message");
    entries.clear();
    bytes = 0;
  };
  for (const letter& one : letters) {
    json entry{{"Id", std::to_string(entries.size())}, {"MessageAttributes", attributes_of(one)}};
    entry["MessageBody"] = sqs::is_plain_body(one.body) ? one.body
                           : one.body.empty()           ? " "
                                                        : sqs::base64(one.body);
    if (fifo_) {
      entry["MessageGroupId"] = one.key.empty() ? "none" : one.key;
      entry["MessageDeduplicationId"] = one.id + "-" + std::to_string(++sent_);
    }
    bytes += one.body.size();
    entries.push_back(std::move(entry));
    if (entries.size() == 10 || bytes > (100u << 10)) {
      send();
    }
  }
  if (!entries.empty()) {
    send();
  }
}

std::optional<std::uint64_t> sqs_broker::waiting() {
  const json all = service_.call("GetQueueAttributes",
                                 {{"QueueUrl", url_of(queue_)}, {"AttributeNames", {"All"}}});
  std::uint64_t out = 0;
  for (const char* key : {"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible",
                          "ApproximateNumberOfMessagesDelayed"}) {
    out += std::stoull(all.at("Attributes").value(key, std::string("0")));
  }
  return out;
}

std::vector<letter> sqs_broker::take_all(const std::string& queue, std::uint32_t wait_seconds) {
  const std::string url = url_of(queue);
  std::vector<letter> out;
  while (true) {
    const json answer = service_.call("ReceiveMessage", {{"QueueUrl", url},
                                                         {"MaxNumberOfMessages", 10},
                                                         {"WaitTimeSeconds", wait_seconds},
                                                         {"AttributeNames", {"All"}},
                                                         {"MessageAttributeNames", {"All"}}});
    const json messages = answer.value("Messages", json::array());
    if (messages.empty()) {
      return out;
    }
    json done = json::array();
    for (const json& one : messages) {
      out.push_back(letter_of(one));
      done.push_back(
          {{"Id", std::to_string(done.size())}, {"ReceiptHandle", one.at("ReceiptHandle")}});
    }
    (void)service_.call("DeleteMessageBatch", {{"QueueUrl", url}, {"Entries", done}});
  }
}

std::optional<std::vector<std::string>> sqs_broker::dead_letters() {
  const std::string number = queue_.substr(queue_.rfind('-') + 1);
  std::string dead = queue_;
  dead.replace(0, std::string("from").size(), "dead");
  dead.replace(dead.rfind('-') + 1, number.size(),
               std::to_string(std::stoi(number) + 1) + (fifo_ ? suffix : ""));
  for (const letter& one : take_all(dead, 0)) {
    dead_.push_back(one.body);
  }
  return dead_;
}

bool sqs_broker::go_away() {
  gate_.shut();
  return true;
}

std::optional<std::string> sqs_broker::config_of_nobody() {
  return config_on("http://127.0.0.1:1").dump();
}

std::vector<bad_config> sqs_broker::bad_configs() {
  const json fine = config_on("http://127.0.0.1:1");
  const auto with = [&](const char* key, const json& value) {
    json out = fine;
    out[key] = value;
    return out.dump();
  };
  json keyless = fine;
  keyless.erase("queue");
  json half = fine;
  half.erase("secret_access_key");
  return {{keyless.dump(), "config: queue is missing"},
          {half.dump(), "secret_access_key"},
          {with("endpoint", "ftp://x"), "endpoint"},
          {with("wait_seconds", 21), "wait_seconds"},
          {with("tls", {{"ca", "/no/such/file"}}), "tls.ca"},
          {with("tls", {{"cert", "/no/such/file"}}), "tls.key"}};
}

std::string sqs_broker::fresh_destination() {
  return make_queue("to");
}

std::vector<letter> sqs_broker::received(const std::string& destination, std::size_t n) {
  auto& all = arrived_[destination];
  const auto end = std::chrono::steady_clock::now() + patience();
  while (all.size() < n && std::chrono::steady_clock::now() < end) {
    const auto more = take_all(destination, 1);
    all.insert(all.end(), more.begin(), more.end());
  }
  require(all.size() >= n, "what was sent did not arrive: " + std::to_string(all.size()));
  return all;
}

std::optional<std::string> sqs_broker::missing_destination() {
  return std::string("no-such-queue") + (fifo_ ? suffix : "");
}

}  // namespace contract
