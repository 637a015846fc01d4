// The contracts that the checks of the grpc activator serve, and their messages' bytes.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace grpc_test {

// shop/v1/shop.proto
[[nodiscard]] std::string_view shop_proto();

// Fields of a message, to be put one behind the other.
[[nodiscard]] std::string field(std::uint32_t number, std::string_view bytes);
[[nodiscard]] std::string field(std::uint32_t number, std::uint64_t value);

}  // namespace grpc_test
