// The bytes of an answer, and what the log and the metrics hear of one that is an error. [lane]
#include "base/log.hpp"
#include "ingress/session.hpp"

namespace spawn {

// Every error that a client gets is counted by its code; one line a second says more.
void session::note_failure(const http_response& response) {
  g_.stats.answered_with[static_cast<std::size_t>(response.why)].add();
  if (g_.refusals.allows(g_.home.now_ns())) {
    SPAWN_LOG(info, "a request was answered with an error", {"peer", remote_}, {"path", path_},
              {"status", response.status}, {"code", facts(response.why).code},
              {"why", response.text}, {"more_since_last_line", g_.refusals.take_held_back()});
  }
}

void session::write_response(http_response& response) {
  std::string_view body = response.body;
  const bool encode = encoding_ != content_encoding::identity && !body.empty() &&
                      g_.encoder.encode(encoding_, body, encoded_);
  if (encode) {
    body = encoded_;
  }
  out_.clear();
  out_.reserve(256 + body.size());
  if (response.status == 200) {
    out_ += "HTTP/1.1 200 OK\r\ncontent-type: ";
  } else {
    out_ += "HTTP/1.1 ";
    out_ += std::to_string(response.status);
    out_ += ' ';
    out_ += reason_of(response.status);
    out_ += "\r\ncontent-type: ";
  }
  out_ += response.content_type;
  out_ += "\r\nvary: accept-encoding\r\ncontent-length: ";
  out_ += std::to_string(body.size());
  if (encode) {
    out_ += "\r\ncontent-encoding: ";
    out_ += name_of(encoding_);
  }
  if (response.status == 503 || response.status == 409) {
    out_ += "\r\nretry-after: ";
    out_ += std::to_string(std::max<std::uint32_t>(response.retry_after_s, 1));
  }
  if (!response.allow.empty()) {
    out_ += "\r\nallow: ";
    out_ += response.allow;
  }
  out_ += "\r\ndate: ";
  out_ += http_date(g_);
  out_ += keep_alive_ ? "\r\nconnection: keep-alive\r\n\r\n" : "\r\nconnection: close\r\n\r\n";
  if (!is_head_) {
    out_ += body;
  }
}

}  // namespace spawn
