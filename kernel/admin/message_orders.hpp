// An operator's decision about one message row, carried out on a lane.
#pragma once
#include <string>

#include "admin/store_calls.hpp"
#include "router/row_orders.hpp"

namespace spawn {

// True once it is done; errors as order_row's, or unavailable when no lane answered in time.
[[nodiscard]] admin_result<bool> order_message(admin_call& call, std::size_t store, std::string key,
                                               row_order what);

}  // namespace spawn
