// Between Beast's messages and those of this plugin. [any]
#pragma once
#include <openssl/types.h>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>

#include "messages.hpp"
#include "settings.hpp"

namespace http_activator {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;
using http_response = boost::beast::http::response<boost::beast::http::string_body>;

// The request without target and body.
[[nodiscard]] fallible<request> head_of(const http_request& from, const std::string& remote,
                                        const std::string& client);

[[nodiscard]] bool expects_continue(const http_request& from);

// Nothing when there is nobody to answer: the client is gone, or too slow.
[[nodiscard]] std::optional<answer> answer_to_unreadable(const boost::system::error_code& why,
                                                         const settings& with);

[[nodiscard]] http_response response_of(answer from, const std::string& date, bool is_head,
                                        bool keep_alive);

// The subject of the client's certificate, "CN=billing,O=Shop"; empty without one.
[[nodiscard]] std::string client_name_of(SSL* of);

}  // namespace http_activator
