#include "action_endpoint.hpp"

namespace spawn::sdk::detail {

namespace {

constexpr std::string_view actions_path = "/api/v1/actors/actions";

}  // namespace

request_sink::reply action_endpoint::serve(unsigned worker, const request& request) {
  if (!request.post) {
    return {.status = request.target == "/health" ? 200 : 405};
  }
  if (request.target != actions_path) {
    return {.status = 404};
  }
  worker_data& mine = workers_[worker];
  call_outcome ended = actors_.run(mine.messages, request.body);
  switch (ended.what) {
    case call_outcome::verdict::answered:
      return {.status = 200, .body = ended.answer};
    case call_outcome::verdict::no_request:
      log_("refused: " + ended.why);
      return {.status = 400};
    case call_outcome::verdict::failed:
      break;
  }
  log_(ended.whose + " failed: " + ended.why);
  mine.why = std::move(ended.why);
  return {.status = 500, .text = mine.why};
}

}  // namespace spawn::sdk::detail
