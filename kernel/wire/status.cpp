#include "wire/status.hpp"

#include "wire/reader.hpp"

namespace spawn::wire {
namespace {

// What upstream's proxy of this protocol version says; SDKs log it.
constexpr std::string_view proxy_name = "spawn";
constexpr std::string_view proxy_version = "2.0.0-RC9";

}  // namespace

void append_status(std::string& out, unsigned field, status said, std::string_view message) {
  std::string inner;
  put_number(inner, 1, static_cast<std::uint64_t>(said));
  put_text(inner, 2, message);
  put_bytes(out, field, inner);
}

void append_registration_response(std::string& out, status said, std::string_view message) {
  append_status(out, 1, said, message);
  if (said == status::ok) {
    std::string info;
    put_number(info, 1, 1);
    put_number(info, 2, 2);
    put_text(info, 3, proxy_name);
    put_text(info, 4, proxy_version);
    put_bytes(out, 2, info);
  }
}

void append_spawn_response(std::string& out, status said, std::string_view message) {
  append_status(out, 1, said, message);
}

}  // namespace spawn::wire
