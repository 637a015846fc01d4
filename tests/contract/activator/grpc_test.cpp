// The activator contract over gRPC clients that try again, and what is the grpc activator's own.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "contract/activator/activator_main.hpp"
#include "contract/activator/grpc/checks.hpp"
#include "contract/activator/grpc/contracts.hpp"
#include "contract/activator/grpc/retrying_client.hpp"
#include "contract/common/free_port.hpp"
#include "contract/common/temp_dir.hpp"

namespace {

using contract::letter;

// A port that somebody else listens on.
class taken_port {
 public:
  taken_port() : number_(contract::free_port()), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = ::htons(number_);
    at.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    contract::require(
        ::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0 && ::listen(fd_, 1) == 0,
        "can not take a port");
  }
  taken_port(const taken_port&) = delete;
  taken_port& operator=(const taken_port&) = delete;
  ~taken_port() { ::close(fd_); }
  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

 private:
  const std::uint16_t number_;
  const int fd_;
};

class calling_clients : public contract::broker {
 public:
  [[nodiscard]] contract::broker_traits traits() const override {
    contract::broker_traits out;
    out.ordered = false;  // calls side by side have no order
    out.headers = false;  // metadata is ASCII; a request has no content type
    out.same_id = false;  // a call has no name
    out.lag = false;      // who is refused is not seen again until it comes again
    return out;
  }
  std::string fresh_config() override {
    clients_.reset();
    const auto port = contract::free_port();
    clients_ = std::make_unique<grpc_test::retrying_client>(port);
    return config_of(port);
  }
  void publish(std::span<const letter> letters) override { clients_->send(letters); }
  [[nodiscard]] std::optional<std::uint64_t> waiting() override { return clients_->left(); }
  [[nodiscard]] std::optional<std::string> config_of_nobody() override {
    if (taken_ == nullptr) {
      taken_ = std::make_unique<taken_port>();
    }
    return config_of(taken_->number());
  }
  [[nodiscard]] std::vector<contract::bad_config> bad_configs() override {
    const std::string protos = R"({"protos": [")" + folder() + "\"]";
    return {
        {"{}", "protos"},
        {protos + R"(, "address": "localhost"})", "address"},
        {protos + R"(, "port": 9000, "http": {"port": 9000}})", "http.port"},
        {protos + R"(, "http": {}})", "http.port"},
        {protos + R"(, "tls": {"key": "/etc/hostname"}})", "tls.cert"},
        {protos + R"(, "tls": {"cert": "/not/there", "key": "/etc/hostname"}})", "tls.cert"},
        {protos + R"(, "tls": {"cert": "/etc/hostname", "key": "/etc/hostname"}})", "tls.cert"}};
  }

 private:
  std::string folder() {
    if (!std::filesystem::exists(dir_.path("shop.proto"))) {
      std::ofstream(dir_.path("shop.proto")) << grpc_test::shop_proto();
    }
    return dir_.path();
  }
  std::string config_of(std::uint16_t port) {
    return R"({"address": "127.0.0.1", "port": )" + std::to_string(port) + R"(, "protos": [")" +
           folder() + "\"]}";
  }

  contract::temp_dir dir_;
  std::unique_ptr<grpc_test::retrying_client> clients_;
  std::unique_ptr<taken_port> taken_;
};

}  // namespace

int main(int argc, char** argv) {
  calling_clients clients;
  std::vector<contract::check> own;
  for (const auto& part : {grpc_test::calls_checks(), grpc_test::service_checks(),
                           grpc_test::config_checks(), grpc_test::http_checks()}) {
    own.insert(own.end(), part.begin(), part.end());
  }
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, clients, own);
}
