#include "fake_kernel.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace spawn::sdk::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

tcp::endpoint loopback(std::uint16_t port) {
  return {asio::ip::address_v4::loopback(), port};
}

}  // namespace

fake_kernel::fake_kernel(std::uint16_t port, answer_fn answer)
    : acceptor_(io_, loopback(port)),
      answer_(std::move(answer)),
      port_(acceptor_.local_endpoint().port()),
      thread_([this] { run(); }) {}

fake_kernel::~fake_kernel() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  // Wakes the accept.
  asio::io_context io;
  tcp::socket wake(io);
  boost::system::error_code ignored;
  wake.connect(loopback(port_), ignored);
  thread_.join();
}

raw_answer fake_kernel::accept(const seen_request&) {
  return {200, from_hex("0a0c08011208416363657074656412160801"
                        "10021a05737061776e2209322e302e302d524339")};
}

void fake_kernel::run() {
  while (true) {
    tcp::socket socket(io_);
    boost::system::error_code error;
    acceptor_.accept(socket, error);
    {
      const std::lock_guard lock(mutex_);
      if (ending_) {
        return;
      }
    }
    boost::beast::flat_buffer buffer;
    http::request<http::string_body> request;
    http::read(socket, buffer, request, error);
    if (error) {
      continue;
    }
    seen_request seen{std::string(request.target()), request.body(),
                      std::string(request["spawn-host"])};
    const auto answer = answer_(seen);
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(seen));
    }
    changed_.notify_all();
    if (answer.status == 0) {
      continue;  // closes without an answer
    }
    http::response<http::string_body> response(static_cast<http::status>(answer.status), 11,
                                               answer.body);
    response.keep_alive(false);
    response.prepare_payload();
    http::write(socket, response, error);
  }
}

std::vector<seen_request> fake_kernel::wait_requests(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::seconds(10), [&] { return requests_.size() >= count; });
  return requests_;
}

raw_connection::raw_connection(std::uint16_t port) : socket_(io_) {
  socket_.connect(loopback(port));
}

void raw_connection::send(std::string_view bytes) {
  asio::write(socket_, asio::buffer(bytes.data(), bytes.size()));
}

raw_answer raw_connection::receive() {
  http::response<http::string_body> response;
  asio::dynamic_string_buffer buffer(buffer_);
  http::read(socket_, buffer, response);
  return {static_cast<int>(response.result_int()), response.body()};
}

raw_answer raw_connection::post(std::string_view body, std::string_view target) {
  std::string text = "POST " + std::string(target) + " HTTP/1.1\r\nhost: h\r\ncontent-length: ";
  send(text + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  return receive();
}

std::string raw_connection::receive_all() {
  std::string all;
  boost::system::error_code error;
  asio::read(socket_, asio::dynamic_buffer(all), error);
  return all;
}

std::string raw_connection::receive_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  asio::read(socket_, asio::buffer(bytes));
  return bytes;
}

std::uint16_t free_port() {
  asio::io_context io;
  return tcp::acceptor(io, loopback(0)).local_endpoint().port();
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::string http_post(std::string_view body, std::string_view extra_header) {
  return "POST /api/v1/actors/actions HTTP/1.1\r\nhost: h\r\n" + std::string(extra_header) +
         "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace spawn::sdk::test
