#include "native/native_link.hpp"

#include "wire/common.hpp"

namespace spawn {
namespace {

// What of an ActorInvocation a live actor is handed (protocol.md 6.1).
struct read_call {
  actor_view self;
  std::string_view action;
  spawn_payload payload{};
};

bool read(std::string_view request, read_call& out) noexcept {
  wire::reader r(request);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        if (!wire::read_actor_id(r.bytes(), out.self)) {
          return false;
        }
        break;
      case 2:
        out.action = r.text();
        break;
      case 4: {
        wire::any_view any;
        if (!wire::read_any(r.bytes(), any)) {
          return false;
        }
        out.payload.presence = SPAWN_P_VALUE;
        out.payload.type_url = slice_of(any.type_url);
        out.payload.value = slice_of(any.value);
        break;
      }
      case 5:
        r.skip();
        out.payload.presence = SPAWN_P_NOOP;
        break;
      default:
        r.skip();
    }
  }
  return r.ok();
}

// The answer of an action that changes no state (protocol.md 6.3).
std::string encode_answer(const spawn_payload& payload) {
  std::string out;
  wire::put_bytes(out, 3, {});
  if (payload.presence == SPAWN_P_VALUE) {
    std::string any;
    wire::append_any(any, view_of(payload.type_url), view_of(payload.value));
    wire::put_bytes(out, 4, any);
  } else if (payload.presence == SPAWN_P_NOOP) {
    wire::put_bytes(out, 6, {});
  }
  return out;
}

// As an answer over HTTP would have said it.
void take_failure(host_call& call, errc code, std::string text) {
  switch (code) {
    case errc::unavailable:
    case errc::exhausted:
    case errc::shutdown:
      call.result = host_result::refused;
      break;
    case errc::deadline:
      call.result = host_result::timed_out;
      break;
    default:
      call.result = host_result::answered;
      call.status = 500;
      call.answer = text.empty() ? std::string(name(code)) : text;
  }
  call.why = text.empty() ? std::string(name(code)) : std::move(text);
}

}  // namespace

native_link::native_link(lane& home, host_link& next, std::vector<native_host> hosts)
    : home_(home), next_(next), hosts_(std::move(hosts)) {
  for (const native_host& each : hosts_) {
    batches_.push_back(std::make_unique<gathered>());
    gathered& batch = *batches_.back();
    batch.owner = this;
    batch.port = each.port;
    batch.run = [](turn_end& hook) {
      auto& mine = static_cast<gathered&>(hook);
      std::vector<spawn_op*> ops;
      ops.swap(mine.ops);
      mine.port->submit(mine.owner->home_, ops);
      if (mine.ops.empty()) {
        ops.clear();
        mine.ops.swap(ops);  // its memory is used again
      }
    };
  }
  finish_task_.owner = this;
  finish_task_.run = [](task& t) {
    auto& mine = static_cast<finish_task&>(t);
    mine.queued = false;
    intrusive_list<host_call, host_call_tag> ended;
    ended.splice_back(mine.owner->finished_);
    while (host_call* call = ended.pop_front()) {
      call->done(*call);
    }
  };
}

native_link::~native_link() = default;

void native_link::send(host_call& call) {
  if (call.to->native < 0) {
    next_.send(call);
    return;
  }
  const auto at = static_cast<std::size_t>(call.to->native);
  native_host& host = hosts_[at];
  std::string request = std::move(call.body);
  request.append(call.tail);
  if (host.live != nullptr) {
    read_call read_in;
    if (read(request, read_in) &&
        host.types->find(read_in.self.system, read_in.self.parent, read_in.self.name) != nullptr) {
      send_to_live(host, call, request);
      return;
    }
  }
  send_to_plugin(*batches_[at], call, std::move(request));
}

// --- an action of the plugin's own ---------------------------------------------------------------

void native_link::send_to_plugin(gathered& batch, host_call& call, std::string request) {
  plugin_call& op = *calls_.take();
  op.clear();
  op.owner = this;
  op.of = &call;
  op.home = &home_;
  op.request = std::move(request);
  op.raw.request = slice_of(op.request);
  op.run = [](task& t) {
    auto& ended = static_cast<plugin_call&>(t);
    ended.owner->plugin_ended(ended);
  };
  op.late.call = &op;
  op.late.fire = [](timer& t) {
    plugin_call& overdue = *static_cast<plugin_call::late_timer&>(t).call;
    host_call& given_up = *std::exchange(overdue.of, nullptr);
    take_failure(given_up, errc::deadline, "the plugin did not end the action by its deadline");
    overdue.owner->finish(given_up);
  };
  op.arm(0, home_.next_id(), call.deadline_ns);
  home_.timers().arm(op.late, call.deadline_ns);
  batch.ops.push_back(&op.raw.op);
  home_.at_turn_end(batch);
}

void native_link::plugin_ended(plugin_call& ended) {
  timer_wheel::cancel(ended.late);
  std::string text = take_error_text(ended.raw.op);
  if (host_call* call = std::exchange(ended.of, nullptr)) {
    if (ended.status() == errc::ok) {
      call->result = host_result::answered;
      call->status = 200;
      call->answer = view_of(ended.raw.answer);
    } else {
      take_failure(*call, ended.status(), std::move(text));
    }
    finish(*call);
  }
  release(ended.raw.answer);
  ended.request.clear();
  calls_.give_back(&ended);
}

// --- a live actor --------------------------------------------------------------------------------

void native_link::send_to_live(native_host& host, host_call& call, std::string_view request) {
  read_call in;
  static_cast<void>(read(request, in));
  auto asked = std::make_unique<live_call>();
  asked->owner = this;
  asked->of = &call;
  const spawn_status sent =
      host.live->ask_from_outside(in.self, in.action, in.payload, call.deadline_ns, *asked);
  if (sent == SPAWN_OK) {
    static_cast<void>(asked.release());  // its own until it has ended
    return;
  }
  take_failure(call, sent == SPAWN_E_NOT_FOUND ? errc::internal : static_cast<errc>(sent),
               sent == SPAWN_E_NOT_FOUND
                   ? "action " + std::string(in.action) + " is none of the registered ones"
                   : "the mailbox of the live actor has no room");
  finish(call);
}

void native_link::live_call::ended(spawn_status status, const spawn_payload& payload) {
  if (status == SPAWN_OK) {
    of->result = host_result::answered;
    of->status = 200;
    of->answer = encode_answer(payload);
  } else {
    take_failure(*of, static_cast<errc>(status), std::string(view_of(payload.value)));
  }
  owner->finish(*of);
  delete this;
}

// Never within send(), and never within a plugin's call.
void native_link::finish(host_call& call) {
  finished_.push_back(call);
  if (!finish_task_.queued) {
    finish_task_.queued = true;
    home_.defer(finish_task_);
  }
}

}  // namespace spawn
