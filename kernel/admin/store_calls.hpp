// Asking a statestore from the admin thread: the operations run on a lane, their answers come back.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "admin/routes.hpp"
#include "state/store_desk.hpp"

namespace spawn {

// One page or one batch of an operator's work on records. Small enough that a lane's turn stays
// short, and that the store's own batches are not held up.
inline constexpr std::uint32_t upkeep_rows_max = 200;
inline constexpr std::uint64_t upkeep_ms = 20'000;

// Index of the instance, as everywhere in the kernel; nothing when there is none of that name.
[[nodiscard]] std::optional<std::size_t> find_store(const admin_call& call, std::string_view name);
[[nodiscard]] admin_response no_such_store(std::string_view name);

template <class T>
using admin_result = boost::asio::awaitable<result<T>>;

// The pages, in the order of the orders. An error when the lane did not answer, or for the first
// page that could not be read.
[[nodiscard]] admin_result<std::vector<stored_page>> read_records(admin_call& call,
                                                                  std::size_t store,
                                                                  std::vector<page_order> orders);
[[nodiscard]] admin_result<stored_page> read_record_page(admin_call& call, std::size_t store,
                                                         page_order order);
// Each for itself; an error only when the lane did not answer, and then nothing is known.
[[nodiscard]] admin_result<std::vector<write_outcome>> write_records(
    admin_call& call, std::size_t store, std::vector<write_order> orders);

// The same reason as problem+json: 503 where trying again may help.
[[nodiscard]] admin_response store_problem(const error& why);

}  // namespace spawn
