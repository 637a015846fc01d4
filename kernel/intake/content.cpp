#include "intake/content.hpp"

#include "base/utf8.hpp"
#include "wire/json_any.hpp"
#include "wire/plain_content.hpp"

namespace spawn {
namespace {

content_kind by_type(const event& from, std::string_view message) {
  const std::string& type = from.content_type();
  if (type == "application/json" || type.ends_with("+json")) {
    return content_kind::json;
  }
  if (!message.empty()) {
    return content_kind::protobuf;
  }
  if (type.starts_with("text/") || type == "application/xml" || type.ends_with("+xml")) {
    return content_kind::text;
  }
  return type.empty() && from.is_json() ? content_kind::json : content_kind::bytes;
}

}  // namespace

result<payload> make_argument(const event& from, content_kind as, std::string_view message) {
  if (!from.has_body()) {
    return payload(presence::noop, {});
  }
  if (!from.type_url().empty()) {
    if (!is_utf8(from.type_url())) {
      return fail(errc::invalid, "its type url is not UTF-8");
    }
    std::string any;
    wire::append_any(any, from.type_url(), from.body());
    return payload(presence::value, std::move(any));
  }
  if (as == content_kind::automatic) {
    as = from.body().empty() ? content_kind::json : by_type(from, message);
  }
  switch (as) {
    case content_kind::automatic:
    case content_kind::json:
      if (from.body().empty()) {
        return payload(presence::noop, {});
      }
      if (!from.is_json()) {
        return fail(errc::invalid, "the body " + from.why_not_json());
      }
      return payload(presence::value, wire::json_any(from.body()));
    case content_kind::text:
      if (!is_utf8(from.body())) {
        return fail(errc::invalid, "the body is not UTF-8 text");
      }
      return payload(presence::value, wire::text_any(from.body()));
    case content_kind::bytes:
      return payload(presence::value, wire::bytes_any(from.body()));
    case content_kind::protobuf: {
      std::string any;
      wire::append_any(any,
                       message.find('/') == message.npos
                           ? "type.googleapis.com/" + std::string(message)
                           : std::string(message),
                       from.body());
      return payload(presence::value, std::move(any));
    }
  }
  return fail(errc::internal, "a content kind that is not known");
}

}  // namespace spawn
