#include "contract/activator/pubsub_driver.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "contract/common/check.hpp"

namespace contract {

namespace {

using nlohmann::json;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    throw std::runtime_error(std::string(name) + " is not set: run it through run_with.py");
  }
  return value;
}

std::uint16_t port_of(const std::string& endpoint) {
  return static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)));
}

std::string from_hex(const std::string& digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  }
  return out;
}

void require_ok(const grpc::Status& status, const char* what) {
  require(status.ok(), std::string(what) + ": " + status.error_message());
}

// A call of the driver that hangs is a failure.
template <class Stub, class Request, class Response>
void must(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
          const Request& request, const char* what) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  context.set_wait_for_ready(true);
  Response response;
  require_ok((stub.*method)(&context, request, &response), what);
}

}  // namespace

std::string pubsub_control::get(const std::string& path) const {
  const auto colon = address_.rfind(':');
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  require(::getaddrinfo(address_.substr(0, colon).c_str(), address_.substr(colon + 1).c_str(),
                        &hints, &found) == 0,
          "no address " + address_);
  const int fd = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
  const bool there = ::connect(fd, found->ai_addr, found->ai_addrlen) == 0;
  ::freeaddrinfo(found);
  const timeval limit{20, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  // 1.0: the end of the answer is the end of the connection.
  const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
  std::string answer;
  if (there && ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char piece[65536];
    for (ssize_t n = 0; (n = ::recv(fd, piece, sizeof(piece), 0)) > 0;) {
      answer.append(piece, static_cast<std::size_t>(n));
    }
  }
  ::close(fd);
  const auto end = answer.find("\r\n\r\n");
  require(answer.find(" 200 ") < answer.find("\r\n") && end != std::string::npos,
          "the server does not answer " + path);
  return answer.substr(end + 4);
}

void pubsub_control::fail(const std::string& method, int times, int code,
                          const std::string& reason) const {
  (void)get("/fail?method=" + method + "&times=" + std::to_string(times) +
            "&code=" + std::to_string(code) + "&reason=" + reason);
}

pubsub_broker::pubsub_broker()
    : project_(variable("SPAWN_TEST_PUBSUB_PROJECT")),
      control_(variable("SPAWN_TEST_PUBSUB_CONTROL")),
      gate_(port_of(variable("SPAWN_TEST_PUBSUB_ENDPOINT"))) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel = grpc::CreateCustomChannel(variable("SPAWN_TEST_PUBSUB_ENDPOINT"),
                                                 grpc::InsecureChannelCredentials(), arguments);
  publisher_ = api::Publisher::NewStub(channel);
  subscriber_ = api::Subscriber::NewStub(channel);
}

void pubsub_broker::create_topic(const std::string& last) {
  api::Topic topic;
  topic.set_name(name("topics", last));
  must(*publisher_, &api::Publisher::Stub::CreateTopic, topic, "CreateTopic");
}

std::string pubsub_broker::fresh_queue(const api::Subscription& settings) {
  queue_ = "q" + std::to_string(::getpid()) + "-" + std::to_string(++made_);
  come_back();
  create_topic(queue_);
  create_topic(queue_ + "-dead");
  api::Subscription subscription = settings;
  subscription.set_name(name("subscriptions", queue_));
  subscription.set_topic(name("topics", queue_));
  subscription.set_ack_deadline_seconds(30);
  if (subscription.has_dead_letter_policy()) {
    subscription.mutable_dead_letter_policy()->set_dead_letter_topic(
        name("topics", queue_ + "-dead"));
  }
  must(*subscriber_, &api::Subscriber::Stub::CreateSubscription, subscription,
       "CreateSubscription");
  return queue_;
}

std::string pubsub_broker::config_of(const std::string& queue, const json& more) const {
  json config{{"ack_deadline_s", 30},
              {"dead_letter_topic", queue + "-dead"},
              {"endpoint", "http://127.0.0.1:" + std::to_string(gate_.port())},
              {"project", project_},
              {"subscription", queue}};
  config.merge_patch(more);
  return config.dump();
}

void pubsub_broker::publish(std::span<const letter> letters) {
  for (const letter& one : letters) {
    api::PublishRequest request;
    request.set_topic(name("topics", queue_));
    api::PubsubMessage& message = *request.add_messages();
    message.set_data(one.body);
    message.set_ordering_key(one.key);
    auto& attributes = *message.mutable_attributes();
    attributes["id"] = one.id;
    if (!one.content_type.empty()) {
      attributes["content-type"] = one.content_type;
    }
    for (const auto& [key, value] : one.with) {
      attributes[key] = value;
    }
    must(*publisher_, &api::Publisher::Stub::Publish, request, "Publish");
  }
}

json pubsub_broker::messages(const std::string& topic) const {
  return json::parse(control_.get("/messages?topic=" + name("topics", topic)));
}

std::optional<std::uint64_t> pubsub_broker::waiting() {
  std::uint64_t out = 0;
  for (const json& one : messages(queue_)) {
    out += one["acks"] == 0 ? 1U : 0U;
  }
  return out;
}

std::optional<std::vector<std::string>> pubsub_broker::dead_letters() {
  std::vector<std::string> out;
  for (const json& one : messages(queue_ + "-dead")) {
    out.push_back(from_hex(one["data"]));
  }
  return out;
}

std::optional<std::string> pubsub_broker::config_of_nobody() {
  return config_of(queue_, {{"endpoint", "http://127.0.0.1:1"}});  // nobody listens on port 1
}

std::vector<bad_config> pubsub_broker::bad_configs() {
  const auto with = [](const json& more) {
    json config{{"project", "p"}, {"subscription", "s"}};
    config.merge_patch(more);
    return config.dump();
  };
  return {{R"({"project": ""})", "project is missing"},
          {R"({"project": "p"})", "subscription is missing"},
          {with({{"tls", {{"ca", "/nowhere/ca.pem"}}}}), "tls.ca"},
          {with({{"tls", {{"cert", "/dev/null"}}}}), "tls.cert"},
          {with({{"auth", "key_file"}}), "credentials_file is missing"},
          {with({{"credentials_file", "/nowhere/key.json"}}), "credentials_file"},
          {with({{"endpoint", "http://e:1"}, {"auth", "metadata"}}), "endpoint"},
          {with({{"dead_letters", "policy"}, {"dead_letter_topic", "t"}, {"auth", "none"}}),
           "dead_letter"}};
}

std::string pubsub_broker::fresh_destination() {
  const std::string out = "to" + std::to_string(::getpid()) + "-" + std::to_string(++made_);
  create_topic(out);
  return out;
}

std::vector<letter> pubsub_broker::received(const std::string& destination, std::size_t n) {
  const auto end = std::chrono::steady_clock::now() + patience();
  json all = messages(destination);
  while (all.size() < n && std::chrono::steady_clock::now() < end) {
    pass(std::chrono::milliseconds(10));
    all = messages(destination);
  }
  require(all.size() >= n, "what was sent did not arrive");
  std::vector<letter> out;
  for (const json& one : all) {
    letter arrived;
    arrived.key = one["ordering_key"];
    arrived.body = from_hex(one["data"]);
    for (const auto& [key, value] : one["attributes"].items()) {
      if (key == "message-id") {
        arrived.id = value;
      } else if (key == "content-type") {
        arrived.content_type = value;
      } else {
        arrived.with.emplace_back(key, value);
      }
    }
    out.push_back(std::move(arrived));
  }
  return out;
}

}  // namespace contract
