#include "mesh/system_service.hpp"

#include <charconv>

#include "mesh/subjects.hpp"
#include "model/request_timeout.hpp"
#include "model/reserved_metadata.hpp"
#include "wire/invocation.hpp"

namespace spawn {

// Brings the answer back to the transport.
struct system_service::asker final : reply_slot {
  system_service* owner = nullptr;
  std::string reply_to;
  actor_id target;
  bool is_async = false;
};

system_service::system_service(parts with) : with_(std::move(with)) {
  if (with_.transport != nullptr && !with_.transport->has_requests()) {
    with_.transport = nullptr;
  }
}

system_service::~system_service() = default;

void system_service::serve(std::string_view system) {
  if (with_.transport == nullptr || closed_ || subscriptions_.contains(system)) {
    return;
  }
  const std::string subject = invocations_subject(system);
  const auto id = with_.transport->subscribe(
      with_.home, subject, subject, [this, of = std::string(system)](transport_message message) {
        take(of, std::move(message));
      });
  subscriptions_.emplace(system, id);
}

void system_service::leave(std::string_view system) {
  const auto found = subscriptions_.find(system);
  if (found != subscriptions_.end()) {
    with_.transport->unsubscribe(found->second, nullptr);
    subscriptions_.erase(found);
  }
}

void system_service::close(unique_function<void()> closed) {
  closed_ = true;
  // The last one that ends, this one included, tells.
  const auto last = std::shared_ptr<unique_function<void()>>(
      new unique_function<void()>(std::move(closed)), [](unique_function<void()>* then) {
        (*then)();
        delete then;
      });
  for (const auto& [system, id] : subscriptions_) {
    with_.transport->unsubscribe(id, [last] {});
  }
  subscriptions_.clear();
}

result<void> system_service::fill(invocation& into, const std::string& system,
                                  const transport_message& from) const {
  wire::echo ignored;
  SPAWN_CHECK(wire::read_invocation(into, ignored));
  if (into.target.system != system) {
    return fail(errc::invalid, "InvocationRequest.actor.id.system is " +
                                   std::string(into.target.system) +
                                   ", and this is the subject of " + system);
  }
  SPAWN_TRY(const auto limit, request_timeout_ms(into, with_.request_ms, with_.request_ms_max));
  into.deadline_ns = with_.home.now_ns() + limit * ns_per_ms;
  if (const std::string* trace = from.header(header_traceparent)) {
    into.trace = trace_context::parse(*trace);
  } else if (const kv_view* carried = into.find_metadata(header_traceparent)) {
    into.trace = trace_context::parse(carried->value);
  }
  if (const std::string* hops = from.header(header_hops)) {
    static_cast<void>(std::from_chars(hops->data(), hops->data() + hops->size(), into.hops));
  }
  return {};
}

void system_service::take(const std::string& system, transport_message message) {
  with_.stats.requests.add();
  auto in = std::make_unique<invocation>();
  const std::string* id = message.header(header_message_id);
  in->storage.reserve(message.payload.size() + (id != nullptr ? id->size() : 0));
  in->storage = message.payload;
  if (auto filled = fill(*in, system, message); !filled) {
    reply(message.reply_to, outcome::failed(failure::invalid_argument, filled.error().text), {},
          false);
    return;
  }
  if (id != nullptr && in->find_metadata(metadata_idempotency_key) == nullptr) {
    const std::size_t at = in->storage.size();
    in->storage += *id;  // within what was reserved: what points into it stays good
    in->metadata.push_back({metadata_idempotency_key, std::string_view(in->storage).substr(at)});
    in->key_if_kept = true;
  }
  const std::uint64_t bytes = in->storage.size() + sizeof(invocation);
  if (!with_.budget.try_take(bytes)) {
    with_.stats.refused.add();
    reply(message.reply_to,
          outcome::failed(failure::resource_exhausted, "limits.inflight_bytes is reached"), {},
          false);
    return;
  }
  in->budget = &with_.budget;
  in->charged_bytes = bytes;
  in->is_async = in->is_async || message.reply_to.empty();
  if (!message.reply_to.empty()) {
    auto* slot = new asker;
    slot->owner = this;
    slot->home = &with_.home;
    slot->reply_to = std::move(message.reply_to);
    slot->target = actor_id(in->target);
    slot->is_async = in->is_async || in->scheduled_to != 0;
    slot->arrived = [](reply_slot& at) {
      const std::unique_ptr<asker> mine(static_cast<asker*>(&at));
      mine->owner->reply(mine->reply_to, mine->result, mine->target.view(), mine->is_async);
    };
    in->reply = slot;
  }
  with_.route(std::move(in));
}

void system_service::reply(const std::string& to, const outcome& ended, actor_view target,
                           bool is_async) {
  if (!ended.ok()) {
    with_.stats.answered_with[static_cast<std::size_t>(ended.why)].add();
  }
  if (to.empty()) {
    return;
  }
  const system_reply out = encode_system_reply(ended, target, is_async);
  const std::vector<header_view> with(out.with.begin(), out.with.end());
  with_.transport->reply(
      with_.home, to, with, out.body,
      [this, to, why = ended.why](const result<transport_message>& sent) {
        if (!sent && sent.error().code == errc::too_large && why != failure::too_large) {
          reply(to,
                outcome::failed(failure::response_not_kept,
                                "the action took effect; its answer is too "
                                "large for the transport"),
                {}, false);
        }
      });
}

}  // namespace spawn
