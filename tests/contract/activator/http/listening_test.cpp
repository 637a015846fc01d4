// TLS, and a port that somebody else has.
#include <gmock/gmock.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>

#include "contract/activator/http/kernel_stub.hpp"
#include "contract/activator/loopback_port.hpp"
#include "contract/common/temp_dir.hpp"

namespace contract {
namespace {

namespace asio = boost::asio;
using testing::HasSubstr;

std::optional<verdict_of_test> done(const offered&) {
  return verdict_of_test{};
}

// An authority, and a server's and a client's certificate that it signed. False: no openssl here.
bool make_certificates(const std::string& folder) {
  const std::string key = " -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 ";
  std::string script = "cd " + folder + " && exec 2>/dev/null && " + "openssl req -x509" + key +
                       "-subj /CN=authority -keyout ca.key -out ca.pem";
  for (const std::string who : {"server", "client"}) {
    script += " && openssl req" + key + "-subj /O=Shop/CN=" + who + " -keyout " + who +
              ".key -out " + who + ".csr && openssl x509 -req -days 2 -CA ca.pem -CAkey ca.key" +
              " -CAcreateserial -in " + who + ".csr -out " + who + ".pem";
  }
  return std::system(script.c_str()) == 0;
}

// The first line of the answer to a POST /a over TLS; what went wrong otherwise.
std::string ask_securely(std::uint16_t port, asio::ssl::context& with) {
  asio::io_context io;
  asio::ssl::stream<asio::ip::tcp::socket> stream(io, with);
  boost::system::error_code failed;
  stream.lowest_layer().connect({asio::ip::address_v4::loopback(), port}, failed);
  if (!failed) {
    stream.handshake(asio::ssl::stream_base::client, failed);
  }
  if (!failed) {
    asio::write(stream, asio::buffer(http_request_text("POST", "/a", {}, "x")), failed);
  }
  std::string in;
  if (!failed) {
    asio::read_until(stream, asio::dynamic_buffer(in), "\r\n\r\n", failed);
  }
  return failed ? failed.message() : in.substr(0, in.find('\r'));
}

class Tls : public testing::Test {
 protected:
  void SetUp() override {
    if (!make_certificates(folder_.path())) {
      GTEST_SKIP() << "install openssl";
    }
  }
  [[nodiscard]] std::string config(bool with_clients) const {
    return config_with(R"({"path": "/a"})",
                       R"("tls": {"cert": ")" + folder_.path("server.pem") + R"(", "key": ")" +
                           folder_.path("server.key") + "\"" +
                           (with_clients ? R"(, "ca": ")" + folder_.path("ca.pem") + "\"" : "") +
                           "}, ");
  }
  [[nodiscard]] asio::ssl::context client_context() const {
    asio::ssl::context out(asio::ssl::context::tls_client);
    out.load_verify_file(folder_.path("ca.pem"));
    out.set_verify_mode(asio::ssl::verify_peer);
    return out;
  }
  temp_dir folder_;
};

TEST_F(Tls, RequestsComeEncrypted) {
  kernel_stub kernel(config(false), done);
  auto with = client_context();
  EXPECT_EQ(ask_securely(kernel.port(), with), "HTTP/1.1 204 No Content");
  EXPECT_EQ(kernel.ask("POST", "/a", {}, "x").status, 0) << "plain HTTP is not understood";
}

TEST_F(Tls, OldVersionsAreRefused) {
  kernel_stub kernel(config(false), done);
  auto with = client_context();
  SSL_CTX_set_security_level(with.native_handle(), 0);
  SSL_CTX_set_max_proto_version(with.native_handle(), TLS1_1_VERSION);
  EXPECT_THAT(ask_securely(kernel.port(), with), Not(HasSubstr("HTTP")));
}

TEST_F(Tls, AClientShowsItsCertificate) {
  kernel_stub kernel(config(true), done);
  auto nobody = client_context();
  EXPECT_THAT(ask_securely(kernel.port(), nobody), Not(HasSubstr("HTTP")));
  EXPECT_EQ(kernel.untaken(), 0u);
  auto known = client_context();
  known.use_certificate_file(folder_.path("client.pem"), asio::ssl::context::pem);
  known.use_private_key_file(folder_.path("client.key"), asio::ssl::context::pem);
  EXPECT_EQ(ask_securely(kernel.port(), known), "HTTP/1.1 204 No Content");
  EXPECT_EQ(kernel.take().header("http-client"), "CN=client,O=Shop");
}

TEST(Listening, WhenThePortIsSomebodyElsesItTriesAgain) {
  auto other = std::make_unique<occupied_loopback_port>();
  kernel_stub kernel(
      R"({"port": )" + std::to_string(other->number()) + R"(, "routes": [{"path": "/a"}]})", done);
  ASSERT_TRUE(kernel.wait_serving(false));
  EXPECT_THAT(kernel.host().health().back().why,
              HasSubstr("127.0.0.1:" + std::to_string(other->number())));
  const auto port = other->number();
  other.reset();
  ASSERT_TRUE(kernel.wait_serving(true));
  EXPECT_EQ(kernel.ask("POST", "/a", {}, "x").status, 204) << port;
}

}  // namespace
}  // namespace contract
