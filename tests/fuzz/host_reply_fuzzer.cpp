// What an actor host may answer: bytes as an HTTP response, its body (and the bytes themselves) as
// ActorInvocationResponse. Refused with a text or accepted, with every view inside the answer.
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "hostcall/response_reader.hpp"
#include "mutate_message.hpp"
#include "planted.hpp"
#include "wire/common.hpp"
#include "wire/host_call.hpp"

namespace {

using namespace spawn;

constexpr std::uint64_t body_max = 1 << 16;

bool inside(std::string_view part, std::string_view whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

bool is_kernel_part(std::string_view type) {
  return type == "broadcast" || type == "effect" || type == "forward" || type == "pipe";
}

// What the host answered is what it is sent with the next call.
void check_next_call(const wire::host_response& answer) {
  wire::host_request call;
  call.self = {"s", "p", "a"};
  call.action = "inc";
  call.argument = answer.value;
  call.has_caller = true;
  call.caller = {"s", "", "b"};
  call.state_any = answer.state_any;
  call.tags = answer.tags;
  const kv_view metadata[] = {{"k", "v"}};
  call.metadata = metadata;
  std::string out;
  wire::append_host_request(out, call);
  wire::reader r(out);
  while (r.next()) {
    r.skip();
  }
  promised(r.ok());
}

// True for the planted shape.
bool check_body(std::string_view bytes) {
  const auto answer = wire::read_host_response(bytes);
  if (!answer) {
    promised(!answer.error().text.empty());
    return false;
  }
  promised(inside(answer->state_any, bytes) && inside(answer->value.any, bytes));
  for (const auto& part : answer->parts) {
    // A part of an Any whose type_url ends in '/' or '.' has no name; no plugin serves that.
    promised(inside(part.bytes, bytes) && (inside(part.type, bytes) || is_kernel_part(part.type)));
  }
  promised(wire::canonical_tags(wire::read_tags(answer->tags)) == answer->tags);
  check_next_call(*answer);
  const bool says_more =
      answer->checkpoint || !answer->tags.empty() || answer->value.kind == presence::value;
  return says_more && !answer->parts.empty() && answer->parts.back().type == "forward";
}

// Feeds the parser as a connection does, in two pieces, then the end of the stream.
bool check_http(std::string_view bytes) {
  response_reader reader(body_max);
  reader.eager(true);
  boost::system::error_code failed;
  std::size_t at = 0;
  std::size_t end = bytes.size() / 2;
  while (!reader.is_done()) {
    const auto used = reader.put(boost::asio::buffer(bytes.data() + at, end - at), failed);
    promised(used <= end - at);
    at += used;
    if (failed && failed != boost::beast::http::error::need_more) {
      return false;
    }
    if (!failed && used != 0) {
      continue;
    }
    failed = {};
    if (end == bytes.size()) {
      break;
    }
    end = bytes.size();
  }
  if (!reader.is_done() && reader.got_some()) {
    reader.put_eof(failed);
  }
  if (failed || !reader.is_done()) {
    return false;
  }
  promised(reader.status() >= 0 && reader.status() < 1000);
  const std::string body = reader.take_body();
  promised(body.size() <= body_max);
  return check_body(body);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool in_body = check_http(bytes);
  planted_overread(check_body(bytes) || in_body, data, size);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return spawn::fuzz::mutate_message(data, size, most, seed);
}
