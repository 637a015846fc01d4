#include "router/lane_router.hpp"

#include "base/log.hpp"
#include "lane/post.hpp"
#include "model/channel_name.hpp"
#include "router/due_time.hpp"

namespace spawn {
lane_router::lane_router(const parts& with)
    : lanes_(with.lanes),
      lane_(with.services.home),
      services_(with.services),
      options_(with.cells),
      cells_((with.services.out = this, with.services), with.cells),
      budget_(with.budget),
      transport_(with.transport),
      request_ms_(with.request_ms),
      timers_enabled_(with.timers_enabled),
      virtuals_(with.virtuals),
      fan_outs_(services_, options_, desk_,
                [this](fan_outs::question what, fan_outs::heard_fn done) {
                  ask_listeners(std::move(what), std::move(done));
                }),
      publisher_(services_, desk_, with.sinks),
      system_calls_(lane_, with.calls_systems ? transport_ : nullptr),
      system_rows_(services_, options_, desk_, system_calls_,
                   {[this](std::string_view system) { return is_elsewhere(system); },
                    [this](actor_id address, std::uint32_t store) {
                      wake_receiver(std::move(address), store);
                    },
                    with.incarnation}),
      system_service_({lane_, with.calls_systems ? transport_ : nullptr, budget_, services_.stats,
                       request_ms_, with.cells.request_ms_max,
                       [this](invocation_ptr message) { route(std::move(message)); }}),
      incarnation_(with.incarnation),
      bindings_(with.records),
      timers_(lane_,
              [this](actor_view id, actor_type& type, std::string_view action,
                     std::shared_ptr<void> ticket) {
                fire_timer(id, type, action, std::move(ticket));
              }),
      replies_(lane_, with.incarnation),
      tombstones_(lane_, with.services.stores, desk_, services_.codec, services_.writers),
      timed_(lane_, with.lanes.size(), with.services.stores, with.services.rows, with.budget,
             with.timed, [this](invocation_ptr message) { route(std::move(message)); }) {
  services_.keeper.bring_ends_to([this](invocation_ptr end) { route(std::move(end)); });
  if (lane_.index() == 0) {
    scan_ = std::make_unique<row_scan>(
        lane_, services_.stores, services_.rows, with.scan,
        [this](actor_id address, std::uint32_t store, std::shared_ptr<void> ticket) {
          wake_receiver(std::move(address), store, std::move(ticket));
        },
        [this](actor_id address, std::uint32_t store) {
          lane_router& owner = owner_of(address.system, address.name);
          post(owner.lane_, [&owner, to = std::move(address), store] {
            const auto found = owner.resolve(to.system, to.name, to.parent);
            if (found.type == nullptr) {
              owner.tombstones_.look(to.view(), store);
            } else {
              owner.tombstones_.look(found.id.view(), found.type->now->policy.store);
            }
          });
        },
        [this] {
          for (lane_router* each : all_) {
            post(each->lane_, [each] { each->cells_.set_recovering(false); });
          }
        });
  }
}

lane_router::~lane_router() = default;

lane_router& lane_router::owner_of(std::string_view system, std::string_view name) {
  return *all_[lanes_.of(lane_hash(system, name)).index()];
}

// --- the way of a message ----------------------------------------------------------------------

void lane_router::route(invocation_ptr message) {
  if (message->deadline_ns == 0) {
    message->deadline_ns = lane_.now_ns() + request_ms_ * ns_per_ms;
  }
  if (!message->caller_settled && message->has_caller && !message->caller.system.empty() &&
      !message->caller.name.empty()) {
    // Made by a host during a turn of `caller`, perhaps: that actor's lane knows (rule 6).
    lane_router& of_caller = owner_of(message->caller.system, message->caller.name);
    carry(std::move(message), of_caller);
    return;
  }
  message->caller_settled = true;
  lane_router& of_target = owner_of(message->target.system, message->target.name);
  carry(std::move(message), of_target);
}

void lane_router::carry(invocation_ptr message, lane_router& to) {
  message->station = &to;
  message->run = [](task& t) {
    auto* raw = static_cast<invocation*>(&t);
    static_cast<lane_router*>(raw->station)->receive(invocation_ptr(raw));
  };
  invocation& raw = *message.release();
  if (&to == this) {
    lane_.defer(raw);  // never within the caller's own work: it may change what the caller holds
    return;
  }
  if (raw.is_internal) {
    to.lane_.post(raw);
    return;
  }
  raw.run = [](task& t) {
    auto* mine = static_cast<invocation*>(&t);
    auto* station = static_cast<lane_router*>(mine->station);
    station->lane_.request_taken();
    station->receive(invocation_ptr(mine));
  };
  if (!to.lane_.post_request(raw)) {
    const invocation_ptr refused(&raw);
    services_.stats.refused.add();
    refused->fail(failure::resource_exhausted, "too many requests wait for the actor's lane");
  }
}

void lane_router::receive(invocation_ptr message) {
  if (message->row && message->row->kind == row_kind::call_end) {
    settle_call(std::move(message));
    return;
  }
  if (message->row && message->row->kind == row_kind::fan_out) {
    fan_outs_.wake(message->target, message->row->store, nullptr);
    return;
  }
  if (is_sink_name(message->target.name)) {
    take_publish(std::move(message));
    return;
  }
  if (!message->caller_settled) {
    const auto caller =
        resolve(message->caller.system, message->caller.name, message->caller.parent);
    if (cells_.settle_caller(message, caller.id.view())) {
      route(std::move(message));
    }
    return;
  }
  const auto& target = message->target;
  if (is_elsewhere(target.system) && !message->order) {
    send_elsewhere(std::move(message));
    return;
  }
  if (message->row) {
    ensure_virtual(target.system, target.parent);
  }
  if (!message->register_ref.empty()) {
    std::string_view parent = message->register_ref;
    if (parent == target.name && !target.parent.empty()) {
      parent = target.parent;  // the Go SDK's way of saying it (S5)
    }
    receive_bound(std::move(message), parent);
    return;
  }
  const auto found = resolve(target.system, target.name, target.parent);
  if (found.type == nullptr && message->order) {
    // An operator's order reaches an actor whose type was forgotten, while it is in memory.
    if (cell* active = cells_.find(target)) {
      actor_type& type = *active->type;
      const actor_id id(target);
      cells_.deliver(id.view(), type, 0, std::move(message));
      return;
    }
  }
  if (found.type == nullptr) {
    not_found(std::move(message));
    return;
  }
  dispatch(std::move(message), found.id.view(), *found.type);
}

lane_router::resolved lane_router::resolve(std::string_view system, std::string_view name,
                                           std::string_view parent) {
  resolved out;
  out.id.system = system;
  out.id.name = name;
  if (!parent.empty() && parent != name) {
    out.type = find_type(system, parent);
    if (out.type != nullptr) {
      out.id.parent = parent;
      return out;
    }
  }
  if (const binding* bound = bindings_.find(system, name)) {
    out.type = find_type(system, bound->parent);
    if (out.type != nullptr) {
      out.id.parent = bound->parent;
      return out;
    }
  }
  out.type = find_type(system, name);
  if (out.type != nullptr && out.type->now->served_by != nullptr) {
    out.type = nullptr;  // a flow has a name of its own
  }
  return out;
}

void lane_router::receive_bound(invocation_ptr message, std::string_view parent) {
  actor_type* type = find_type(message->target.system, parent);
  if (type == nullptr && message->row) {
    row_without_receiver(std::move(message));
    return;
  }
  if (type == nullptr) {
    message->fail(failure::actor_not_found,
                  "Actor " + std::string(parent) + " not found on ActorSystem " +
                      std::string(message->target.system) + " (register_ref of actor " +
                      std::string(message->target.name) + ")");
    return;
  }
  if (type->now->served_by != nullptr) {
    // No binding is kept of it: whoever wants it again names its parent again.
    if (parent == message->target.name) {
      message->fail(failure::invalid_argument,
                    "an actor of " + std::string(parent) + " needs a name of its own");
      return;
    }
    message->target.parent = parent;
    message->register_ref = {};
    const actor_id id(message->target);
    dispatch(std::move(message), id.view(), *type);
    return;
  }
  if (parent == message->target.name) {
    const actor_view own{message->target.system, {}, message->target.name};
    dispatch(std::move(message), own, *type);
    return;
  }
  // Held by the callback; a second owner keeps the bytes that `parent` points into.
  auto held = std::make_shared<invocation_ptr>(std::move(message));
  invocation& in = **held;
  answer_at_deadline(in, [](invocation& late) {
    late.fail(
        failure::deadline_exceeded,
        "the binding of the name was not stored by the deadline; the action was not executed");
  });
  bind(in.target.system, in.target.name, parent, 0,
       [this, held, type, parent = std::string(parent)](result<void> bound) {
         invocation_ptr ready = std::move(*held);
         ready->expiry.unlink();
         if (!ready->row && ready->deadline_ns <= lane_.now_ns()) {
           ready->fail(failure::deadline_exceeded,
                       "the deadline passed while the binding of the name was stored; the action "
                       "was not executed");
           return;
         }
         if (!bound && ready->row) {
           return;  // it is in the store: the next scan brings it again
         }
         if (!bound) {
           ready->fail(failure::unavailable,
                       "the binding could not be stored: " + bound.error().text);
           return;
         }
         const actor_id id(actor_view{ready->target.system, parent, ready->target.name});
         dispatch(std::move(ready), id.view(), *type);
       });
}

// While a message waits for a store, its caller waits no longer than was said.
void lane_router::answer_at_deadline(invocation& message, void (*late)(invocation&)) {
  if (message.reply == nullptr) {
    return;
  }
  message.expiry.owner = &message;
  message.at_deadline = late;
  message.expiry.fire = [](timer& t) {
    invocation& overdue = *static_cast<invocation::expiry_timer&>(t).owner;
    overdue.at_deadline(overdue);
  };
  lane_.timers().arm(message.expiry, message.deadline_ns);
}

void lane_router::not_found(invocation_ptr taken) {
  if (taken->row) {
    row_without_receiver(std::move(taken));
    return;
  }
  invocation& message = *taken;
  std::string text = "Actor " + std::string(message.target.name) + " not found on ActorSystem " +
                     std::string(message.target.system);
  if (!serves(message.target.system)) {
    text += " (no host has registered this system here, and cross_system is not enabled)";
  }
  if (message.reply == nullptr) {
    SPAWN_LOG(warn, "a message has no receiver", {"actor", message.target.name},
              {"system", message.target.system}, {"action", message.action});
  }
  message.fail(failure::actor_not_found, std::move(text));
}

// To a system that no host has registered here.
void lane_router::send_elsewhere(invocation_ptr message) {
  if (!message->row) {
    system_calls_.call(std::move(message));
  } else if (message->row->due_ms != 0) {
    system_rows_.take(std::move(message));
  } else {
    system_rows_.wake(message->target, message->row->store, nullptr);
  }
}

void lane_router::dispatch(invocation_ptr message, actor_view id, actor_type& type) {
  if (!admit_key(*message, type)) {
    return;
  }
  if (message->scheduled_to != 0) {
    const std::int64_t now = lane_.unix_ms();
    const std::int64_t due = due_unix_ms(message->scheduled_to, now);
    message->is_async = true;
    message->scheduled_to = 0;
    if (due > now) {
      insert_row(std::move(message), id, type, due);
      return;
    }
  }
  if (message->is_async && !message->row && keeps_record(*message, type) && options_.rules.outbox) {
    insert_row(std::move(message), id, type, 0);
    return;
  }
  run(std::move(message), id, type);
}

void lane_router::run(invocation_ptr message, actor_view id, actor_type& type) {
  if (message->row && message->row->store != type.now->policy.store) {
    move_to_store(std::move(message), type.now->policy.store);
    return;
  }
  if (message->pooled || type.now->kind == actor_kind::pooled) {
    if (message->order) {
      message->fail(failure::invalid_argument, "a pooled actor keeps no state");
      return;
    }
    auto& pool = pools_[&type];
    if (!pool) {
      pool = std::make_unique<actor_pool>(services_, options_, type);
    }
    pool->deliver(std::move(message));
    return;
  }
  if (timers_enabled_) {
    timers_.ensure(id, type);
  }
  std::uint64_t restore = 0;
  if (!id.parent.empty() && !type.now->channels.empty() && cells_.find(id) == nullptr) {
    channels_.subscribe(id, type);
  }
  const bool may_restore = !id.parent.empty() && type.now->served_by == nullptr;
  if (const binding* bound = may_restore ? bindings_.find(id.system, id.name) : nullptr) {
    restore = bound->parent == id.parent ? bound->restore_revision : 0;
  }
  cells_.deliver(id, type, restore, std::move(message));
}

invocation_ptr lane_router::make_internal(actor_view id, std::string_view action,
                                          payload_view argument, const actor_view* caller) {
  auto out = std::make_unique<invocation>();
  std::size_t bytes = 64 + id.system.size() + id.parent.size() + id.name.size() + action.size() +
                      argument.any.size();
  if (caller != nullptr) {
    bytes += caller->system.size() + caller->parent.size() + caller->name.size();
  }
  out->storage.reserve(bytes);
  const auto keep = [&](std::string_view text) {
    const std::size_t at = out->storage.size();
    out->storage += text;
    return std::string_view(out->storage.data() + at, text.size());
  };
  out->target = {keep(id.system), keep(id.parent), keep(id.name)};
  out->action = keep(action);
  out->argument = {argument.kind, keep(argument.any)};
  if (caller != nullptr) {
    out->has_caller = true;
    out->caller = {keep(caller->system), keep(caller->parent), keep(caller->name)};
  }
  out->is_internal = true;
  out->caller_settled = true;
  out->deadline_ns = lane_.now_ns() + request_ms_ * ns_per_ms;
  out->budget = &budget_;
  out->charged_bytes = bytes + sizeof(invocation);
  budget_.take(out->charged_bytes);
  return out;
}

void lane_router::fire_timer(actor_view id, actor_type& type, std::string_view action,
                             std::shared_ptr<void> ticket) {
  services_.stats.timers_fired.add();
  auto message = make_internal(id, action, {presence::noop, {}}, &id);
  message->ticket = std::move(ticket);
  run(std::move(message), id, type);
}

}  // namespace spawn
