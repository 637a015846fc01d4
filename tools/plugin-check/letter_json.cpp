#include "letter_json.hpp"

#include "contract/common/check.hpp"

namespace spawn::check {
namespace {

using nlohmann::json;

std::string hex_of(const std::string& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string bytes_of(const std::string& hex) {
  const auto value = [](char c) -> int {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  std::string out;
  ::contract::require(hex.size() % 2 == 0, "the driver's hexadecimal text has half a byte");
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const int high = value(hex[i]), low = value(hex[i + 1]);
    ::contract::require(high >= 0 && low >= 0, "the driver's hexadecimal text is none");
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace

json json_of(const ::contract::letter& one) {
  json headers = json::array();
  for (const auto& [name, value] : one.with) {
    headers.push_back({name, value});
  }
  return {{"key", one.key},
          {"id", one.id},
          {"body", hex_of(one.body)},
          {"headers", std::move(headers)},
          {"content_type", one.content_type}};
}

::contract::letter letter_of(const json& one) {
  ::contract::require(one.is_object(), "the driver's letter is no JSON object");
  ::contract::letter out;
  out.key = one.value("key", "");
  out.id = one.value("id", "");
  out.body = bytes_of(one.value("body", ""));
  out.content_type = one.value("content_type", "");
  for (const json& header : one.value("headers", json::array())) {
    out.with.emplace_back(header.at(0).get<std::string>(), header.at(1).get<std::string>());
  }
  return out;
}

std::vector<std::string> bodies_of(const json& all) {
  std::vector<std::string> out;
  for (const json& one : all) {
    out.push_back(bytes_of(one.get<std::string>()));
  }
  return out;
}

::contract::broker_traits traits_of(const json& said) {
  ::contract::require(said.is_object(), "the driver's traits are no JSON object");
  ::contract::broker_traits out;
  out.keeps = said.value("keeps", out.keeps);
  out.forgets = said.value("forgets", out.forgets);
  out.ordered = said.value("ordered", out.ordered);
  out.bodies = said.value("bodies", out.bodies);
  out.empty_bodies = said.value("empty_bodies", out.empty_bodies);
  out.headers = said.value("headers", out.headers);
  out.outlives = said.value("outlives", out.outlives);
  out.same_id = said.value("same_id", out.same_id);
  out.lag = said.value("lag", out.lag);
  out.body_bytes_max = said.value("body_bytes_max", out.body_bytes_max);
  out.sink_bytes_max = said.value("sink_bytes_max", out.sink_bytes_max);
  return out;
}

}  // namespace spawn::check
