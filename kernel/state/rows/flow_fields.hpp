// The bytes of what rows and flows know of each other. [any]
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "model/message_row.hpp"

namespace spawn {

[[nodiscard]] std::string encode_awaited(const awaited_by& from);
// corrupt: cut off.
[[nodiscard]] result<std::shared_ptr<const awaited_by>> decode_awaited(std::string_view bytes);

[[nodiscard]] std::string encode_event(const flow_event& from);
[[nodiscard]] result<std::shared_ptr<const flow_event>> decode_event(std::string_view bytes);

}  // namespace spawn
