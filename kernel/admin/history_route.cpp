// The revisions of an actor's state that its store has kept.
#include <nlohmann/json.hpp>

#include "admin/routes.hpp"
#include "base/base64.hpp"
#include "router/history_reader.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

using nlohmann::json;

constexpr std::uint32_t page_default = 20;
constexpr std::uint32_t page_max = 1'000;

bool read_limit(std::string_view given, std::uint32_t& out) {
  if (given.empty()) {
    return true;
  }
  std::uint64_t asked = 0;
  if (!read_number(given, asked) || asked < 1 || asked > page_max) {
    return false;
  }
  out = static_cast<std::uint32_t>(asked);
  return true;
}

json row_json(const history_row& from) {
  json out{{"revision", from.what.revision}, {"written_ms", from.what.written_ms}};
  if (!from.why.empty()) {
    out["unreadable"] = from.why;
    return out;
  }
  json tags = json::object();
  for (const auto& [key, value] : from.what.meta.tags) {
    tags[key] = value;
  }
  payload_view value;
  std::string any;
  if (from.what.has_payload) {
    wire::append_any(any, from.what.type_url, from.what.payload);
    value = {presence::value, any};
  }
  out["tags"] = std::move(tags);
  out["restored"] = (from.what.meta.flags & meta_restored_from) != 0;
  out["state"] = json::parse(payload_json(value));
  return out;
}

admin_response failed(const error& why) {
  switch (why.code) {
    case errc::not_found:
      return admin_problem(404, "ACTOR_NOT_FOUND", why.text);
    case errc::unsupported:
      return admin_problem(409, "UNSUPPORTED", why.text);
    case errc::invalid:
      return admin_problem(400, "INVALID_ARGUMENT", why.text);
    case errc::unavailable:
    case errc::deadline:
    case errc::exhausted: {
      auto out = admin_problem(503, "UNAVAILABLE", why.text);
      out.retry_after_s = 1;
      return out;
    }
    default:
      return admin_problem(500, "INTERNAL", why.text);
  }
}

}  // namespace

admin_answer show_history(admin_call& call) {
  const std::string system = call.request.parts[2];
  const std::string name = call.request.parts[3];
  const std::string parent(call.request.param("parent"));
  history_request what;
  what.limit = page_default;
  if (!read_limit(call.request.param("limit"), what.limit)) {
    co_return bad_request("query limit is a number from 1 to " + std::to_string(page_max));
  }
  if (const auto cursor = call.request.param("cursor"); !cursor.empty()) {
    auto bytes = base64_decode(cursor);
    if (!bytes) {
      co_return bad_request("query cursor is not one that a page of this list ended with");
    }
    what.cursor = std::move(*bytes);
  }
  using told = result<history_page>;
  lane& home = call.kernel.lanes.of(lane_hash(system, name));
  lane_router* router = call.kernel.routers[home.index()];
  const std::uint64_t limit_ms = call.kernel.settings.timeouts.request_ms;
  auto work = [router, system, name, parent, what, limit_ms](lane_answer<told> answer) mutable {
    const auto found = router->resolve(system, name, parent);
    if (found.type == nullptr) {
      answer(fail(errc::not_found,
                  "actor " + name + " is neither registered nor spawned in system " + system));
      return;
    }
    read_history(router->desk(), router->services(), found.id.view(), *found.type->now, what,
                 router->home().now_ns() + limit_ms * ns_per_ms,
                 [answer = std::move(answer)](told page) mutable { answer(std::move(page)); });
  };
  auto page = co_await ask<told>(call.loop, home, limit_ms + lane_answer_ms, std::move(work));
  if (!page) {
    co_return lane_is_busy();
  }
  if (!*page) {
    co_return failed(page->error());
  }
  json rows = json::array();
  for (const history_row& row : (*page)->rows) {
    rows.push_back(row_json(row));
  }
  const std::string& cursor = (*page)->cursor;
  json body{{"system", system},
            {"name", name},
            {"revisions", std::move(rows)},
            {"cursor", cursor.empty() ? json() : json(base64_encode(cursor))}};
  admin_response out;
  out.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
  co_return out;
}

}  // namespace spawn
