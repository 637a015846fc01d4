// The admin API: which path does what. docs/operations.md lists the routes for people.
#pragma once
#include <boost/asio/awaitable.hpp>

#include "admin/admin_context.hpp"
#include "admin/http.hpp"
#include "admin/lane_ask.hpp"

namespace spawn {

using admin_answer = boost::asio::awaitable<admin_response>;

// One request being answered. Lives in the session's coroutine, longer than any route's. [admin]
struct admin_call {
  const admin_context& kernel;
  admin_loop loop;
  const admin_request& request;
};

[[nodiscard]] admin_answer answer_admin(admin_call& call);

// --- actor_routes.cpp -----------------------------------------------------------------------
[[nodiscard]] admin_answer list_actors(admin_call& call);
[[nodiscard]] admin_answer show_actor(admin_call& call);
// --- state_route.cpp --------------------------------------------------------------------------
[[nodiscard]] admin_answer show_state(admin_call& call);
// --- history_route.cpp ------------------------------------------------------------------------
[[nodiscard]] admin_answer show_history(admin_call& call);
// --- state_order_routes.cpp -------------------------------------------------------------------
[[nodiscard]] admin_answer restore_state(admin_call& call);
[[nodiscard]] admin_answer delete_state(admin_call& call);
// --- store_routes.cpp ---------------------------------------------------------------------------
[[nodiscard]] admin_answer list_stores(admin_call& call);
// --- transfer_routes.cpp ------------------------------------------------------------------------
[[nodiscard]] admin_answer export_records(admin_call& call);
[[nodiscard]] admin_answer import_records(admin_call& call);
// --- message_routes.cpp -------------------------------------------------------------------------
[[nodiscard]] admin_answer list_dead_letters(admin_call& call);
[[nodiscard]] admin_answer replay_dead_letter(admin_call& call);
[[nodiscard]] admin_answer drop_dead_letter(admin_call& call);
[[nodiscard]] admin_answer list_schedules(admin_call& call);
[[nodiscard]] admin_answer cancel_schedule(admin_call& call);
[[nodiscard]] admin_answer list_messages(admin_call& call);
// --- flow_routes.cpp ----------------------------------------------------------------------------
[[nodiscard]] admin_answer list_flows(admin_call& call);
// --- rekey_route.cpp ----------------------------------------------------------------------------
[[nodiscard]] admin_answer rekey_records(admin_call& call);
[[nodiscard]] admin_answer prune_records(admin_call& call);
// --- invoke_route.cpp ---------------------------------------------------------------------------
[[nodiscard]] admin_answer invoke_actor(admin_call& call);
// Hands a message to its actor and waits for the outcome. `message` needs deadline_ns.
[[nodiscard]] boost::asio::awaitable<std::optional<outcome>> deliver(admin_call& call,
                                                                     invocation_ptr message,
                                                                     std::uint64_t wait_ms);
// A payload for people: {"type_url", "base64", "json"}; "null" without one.
[[nodiscard]] std::string payload_json(payload_view value);
// --- activator_routes.cpp -----------------------------------------------------------------------
[[nodiscard]] admin_answer list_activators(admin_call& call);
[[nodiscard]] admin_answer pause_activator(admin_call& call);
[[nodiscard]] admin_answer resume_activator(admin_call& call);
[[nodiscard]] admin_answer drain_activator(admin_call& call);
// --- status_routes.cpp --------------------------------------------------------------------------
[[nodiscard]] admin_answer show_status(admin_call& call);
[[nodiscard]] admin_answer list_hosts(admin_call& call);
[[nodiscard]] admin_answer forget_host(admin_call& call);
[[nodiscard]] admin_answer list_plugins(admin_call& call);
[[nodiscard]] admin_answer show_plugin(admin_call& call);
[[nodiscard]] admin_answer swap_plugin(admin_call& call);
[[nodiscard]] admin_answer show_metrics(admin_call& call);

}  // namespace spawn
