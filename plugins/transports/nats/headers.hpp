// Headers of the mesh as headers of NATS. Names and values go as they are where a line of text can
// carry them; any other value goes as "%%" and percent-encoded. Pure functions, [any].
#pragma once
#include <string>
#include <string_view>

namespace nats_transport {

[[nodiscard]] std::string encoded_header(std::string_view value);
[[nodiscard]] std::string decoded_header(std::string_view carried);

}  // namespace nats_transport
