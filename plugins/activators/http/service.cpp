#include "service.hpp"

#include <algorithm>
#include <ctime>

namespace http_activator {

namespace asio = boost::asio;

namespace {

std::string joined(const std::vector<std::string>& methods) {
  std::string out;
  for (const auto& one : methods) {
    out += (out.empty() ? "" : ", ") + one;
  }
  return out;
}

// The path and the query of "/a?b", and of "http://host/a?b" as proxies are sent it.
std::pair<std::string_view, std::string_view> parts_of(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.starts_with(scheme)) {
      const auto slash = target.find('/', scheme.size());
      target = slash == target.npos ? "/" : target.substr(slash);
      break;
    }
  }
  const auto mark = std::min(target.find('?'), target.size());
  return {target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
}

answer allowing(std::uint32_t status, const std::vector<std::string>& methods) {
  answer out;
  if (status == 405) {
    out = problem(status, "this path takes " + joined(methods));
  }
  out.status = status;
  out.headers.emplace_back("allow", joined(methods));
  return out;
}

}  // namespace

fallible<const route*> service::admit(request& from, std::string_view target) const {
  if (from.method == "OPTIONS" && target == "*") {
    return allowing(204, {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"});
  }
  const auto [path, query] = parts_of(target);
  from.path = path;
  const auto segments = segments_of(path);
  auto pairs = query_of(query);
  if (!segments || !pairs) {
    return problem(400, "the target of the request can not be decoded");
  }
  from.query = std::move(*pairs);
  auto found = with_.routes.look_up(from.method, *segments);
  if (!found.path_known) {
    return problem(404, "no route has this path");
  }
  if (from.method == "OPTIONS") {
    return allowing(204, found.methods);
  }
  if (found.taken == nullptr) {
    return allowing(405, found.methods);
  }
  from.params = std::move(found.params);
  if (!needs_body(found.taken->auth)) {
    if (auto stranger = refuse_stranger(found.taken->auth, from, host_.unix_ms())) {
      return std::move(*stranger);
    }
  }
  if (desk_.is_refusing()) {
    return desk_.refusal();
  }
  return found.taken;
}

asio::awaitable<answer> service::serve(const route& taken, request from) {
  if (needs_body(taken.auth)) {
    if (auto stranger = refuse_stranger(taken.auth, from, host_.unix_ms())) {
      co_return std::move(*stranger);
    }
  }
  auto all = deliveries_of(with_, taken, from);
  if (!all) {
    co_return std::move(all.wrong());
  }
  co_return co_await deliver(std::move(*all), std::string(from.header("accept")));
}

// Those of a batch go one after the other, so that their order holds. A client that sends a batch
// again, because one failed, does no harm: what is done already is known by its id.
asio::awaitable<answer> service::deliver(deliveries all, std::string accept) {
  answer out;
  out.status = 202;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool wants_reply = (all[i]->flags & SPAWN_D_WANT_REPLY) != 0;
    auto outcome = co_await desk_.deliver(std::move(all[i]));
    if (auto* refused = std::get_if<answer>(&outcome)) {
      co_return std::move(*refused);
    }
    settled& verdict = std::get<settled>(outcome);
    if (!verdict.is_done()) {
      if (all.size() > 1) {
        verdict.error = "event " + std::to_string(i) + " of the batch: " + verdict.error;
      }
      co_return failure_of(verdict);
    }
    if (wants_reply) {
      out = reply_of(std::move(verdict), accept, with_.types.get());
    }
  }
  co_return out;
}

std::string service::date() const {
  const std::time_t seconds = host_.unix_ms() / 1'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  const int size = std::snprintf(text, sizeof(text), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                 days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
                                 parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
  return {text, static_cast<std::size_t>(std::max(size, 0))};
}

bool service::take_bytes(std::uint64_t bytes) noexcept {
  if (reading_bytes_ + bytes > with_.reading_bytes_max) {
    return false;
  }
  reading_bytes_ += bytes;
  return true;
}

}  // namespace http_activator
