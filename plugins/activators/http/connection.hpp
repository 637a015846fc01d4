// One client's connection: requests in, answers out, one at a time.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <string>

#include "service.hpp"

namespace boost::asio::ssl {
class context;
}

namespace http_activator {

// Life: on the frame of its own coroutine, from accept to the close. What is pipelined waits in the
// socket. Who is slow is cut off: each phase has a time. [session]
class connection {
 public:
  // `tls`: null for plain HTTP. All borrowed for as long as it lives.
  connection(service& to, boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  boost::asio::awaitable<void> run();

  // The answer that is due is the last one; without one the connection is closed now.
  void finish();
  // Closed now, whatever is due.
  void cut();

 private:
  template <class Stream>
  boost::asio::awaitable<void> serve(Stream& stream);
  // False: the connection is over.
  template <class Stream, class Buffer>
  boost::asio::awaitable<bool> serve_one(Stream& stream, Buffer& buffer);
  template <class Stream, class Buffer>
  boost::asio::awaitable<bool> wait_for_one(Stream& stream, Buffer& buffer);
  template <class Stream>
  boost::asio::awaitable<bool> write(Stream& stream, answer what, bool is_head, bool keep_alive);
  template <class Stream>
  boost::asio::awaitable<void> linger(Stream& stream);

  service& to_;
  boost::asio::ssl::context* const tls_;
  boost::beast::tcp_stream stream_;
  std::string remote_, client_;
  bool busy_ = false;       // between a request's first byte and its answer
  bool finishing_ = false;  // no request after this one
};

}  // namespace http_activator
