#include "sim/sim_host.hpp"

#include "lane/post.hpp"

namespace sim {

using spawn::host_result;

struct sim_host::running {
  std::uint64_t life = 0;
  std::uint32_t lane = 0;
  spawn::host_call* call = nullptr;
  std::string body;
  std::uint64_t deadline_ns = 0;
  bool ended = false;    // for the kernel
  bool started = false;  // at the host
  host_view view;
  request_id id = 0;
  std::uint32_t actor = 0;
  entry run = 0;
};

void sim_link::send(spawn::host_call& call) {
  to_.send(of_, lane_, call);
}

bool sim_host::alive(const running_ptr& r) const {
  return kernels_.contains(r->life);
}

std::uint32_t sim_host::some_actor() {
  // A few hot ones, so that turns meet.
  const auto n = judge_.actors().size();
  return static_cast<std::uint32_t>(world_.rng().below(world_.rng().one_in(2) ? 6 : n));
}

void sim_host::send(sim_kernel& from, std::uint32_t lane, spawn::host_call& call) {
  auto r = std::make_shared<running>();
  r->life = from.life();
  r->lane = lane;
  r->call = &call;
  r->body = call.body;
  r->body += call.tail;
  r->deadline_ns = call.deadline_ns;
  ++busy_;
  const std::uint64_t now = world_.now_ns();
  const std::uint64_t left_us = call.deadline_ns > now ? (call.deadline_ns - now) / 1'000 + 1 : 0;
  world_.after_us(left_us, [this, r] { end(r, host_result::timed_out, 0, {}); });
  if (!world_.calm && world_.per_mille(world_.plans.host_fault_per_mille / 4)) {
    world_.after_us(world_.about(300), [this, r] { end(r, host_result::refused, 0, {}); });
    return;
  }
  world_.after_us(world_.about(200), [this, r] { arrive(r); });
}

void sim_host::arrive(const running_ptr& r) {
  if (r->ended || !alive(r)) {
    return;  // the connection is gone before the request was read
  }
  r->view = read_host_call(r->body);
  if (index_.empty()) {
    for (std::size_t i = 0; i < judge_.actors().size(); ++i) {
      index_[judge_.actors()[i].name] = static_cast<std::uint32_t>(i);
    }
  }
  const auto found = index_.find(r->view.actor);
  if (found == index_.end()) {
    judge_.fail("routing", "the host was asked for actor \"" + r->view.actor + "\"");
    return;
  }
  r->actor = found->second;
  r->id = r->view.id;
  if (const request_id heard = judge_.heard_as(r->id, r->actor); heard != 0) {
    r->id = heard;
  } else if (r->id == 0 || judge_.at(r->id).from == source::broadcast) {
    // Made by the kernel, or one of many: a request of its own.
    request own = r->id == 0 ? request{} : judge_.at(r->id);
    own.from = r->id == 0 ? source::kernel : source::effect;
    own.actor = r->actor;
    own.life = r->life;
    own.runs = 0;
    r->id = judge_.add(own).id;
  }
  r->started = true;
  r->run = judge_.ran(judge_.at(r->id), r->life, r->actor);
  world_.note("host runs", r->actor, r->run, r->view.state.empty() ? 0 : r->view.state.back());
  act(r);
}

void sim_host::act(const running_ptr& r) {
  const bool faulty = !world_.calm && world_.per_mille(world_.plans.host_fault_per_mille);
  const std::uint64_t think = world_.about(world_.rng().one_in(8) ? 8'000 : 600);
  if (judge_.at(r->id).refused) {
    world_.after_us(think, [this, r] { end(r, host_result::answered, 400, "no"); });
    return;
  }
  if (faulty) {
    switch (world_.rng().below(4)) {
      case 0:
        return;  // never answers
      case 1:
        world_.after_us(think, [this, r] { end(r, host_result::failed, 0, {}); });
        return;
      case 2:
        world_.after_us(think, [this, r] { end(r, host_result::answered, 500, "x"); });
        return;
      default:
        world_.after_us(think,
                        [this, r] { end(r, host_result::answered, 200, "\x12\x34garbage"); });
        return;
    }
  }
  const bool nests = !world_.calm && r->view.action == "append" && world_.rng().one_in(6);
  const bool waits = nests && world_.rng().one_in(2);
  if (nests) {
    call_nested(r, waits);
  }
  if (!waits) {
    world_.after_us(think, [this, r] { answer(r); });
  }
}

request sim_host::child(const running& r, source from, std::uint32_t to) const {
  request made;
  made.from = from;
  made.actor = to;
  made.life = r.life;
  made.sent_ns = world_.now_ns();
  made.cause = r.run;
  made.cause_actor = r.actor;
  made.for_flow = from == source::pipe && judge_.at(r.id).for_flow;
  made.cause_read = r.view.state.empty() ? 0 : r.view.state.back();
  return made;
}

void sim_host::call_nested(const running_ptr& r, bool wait) {
  sim_kernel& k = *kernels_.at(r->life);
  const std::uint32_t to = some_actor();
  request made = child(*r, source::nested, to);
  made.deadline_ns = world_.now_ns() + (100 + world_.rng().below(1'500)) * spawn::ns_per_ms;
  made.lane = static_cast<std::uint32_t>(world_.rng().below(k.lanes()));
  const request& asked = judge_.add(made);
  message_fields fields;
  fields.name = judge_.actors()[to].name;
  fields.action = "append";
  fields.id = asked.id;
  fields.caller = &judge_.actors()[r->actor];
  auto message = make_message(fields);
  message->deadline_ns = asked.deadline_ns;
  auto* slot = new pending_reply;
  slot->judge = &judge_;
  slot->id = asked.id;
  slot->home = &k.lane(asked.lane);
  if (wait) {
    slot->then = [this, r] { answer(r); };
  }
  slot->arrived = [](spawn::reply_slot& s) {
    const std::unique_ptr<pending_reply> mine(static_cast<pending_reply*>(&s));
    mine->judge->answered(mine->judge->at(mine->id), mine->result);
    if (mine->then) {
      mine->then();
    }
  };
  message->reply = slot;
  world_.note("nested call", asked.id, r->run, to);
  k.ingress(asked.lane, std::move(message));
}

void sim_host::answer(const running_ptr& r) {
  if (r->ended || !alive(r)) {
    return;
  }
  host_answer out;
  if (r->view.action == "peek") {
    out.value = bytes_of(r->view.state);
    end(r, host_result::answered, 200, encode_answer(out));
    return;
  }
  out.has_state = judge_.actors()[r->actor].mode != spawn::durability::none;
  out.state = r->view.state;
  out.state.push_back(r->run);
  out.value = bytes_of({r->run});
  if (world_.rng().one_in(16)) {
    out.tag = std::to_string(world_.rng().below(4));
  }
  out.checkpoint = world_.rng().one_in(16);
  if (!world_.calm) {
    const bool commits = judge_.actors()[r->actor].mode == spawn::durability::commit &&
                         !judge_.actors()[r->actor].pooled;
    const auto send = [&](char kind, source from, std::uint32_t to) {
      request made = child(*r, from, to);
      // What an init action sends is not sent (protocol.md 5.5).
      made.is_durable = commits && kind != 'B' && r->view.action != "init";
      made.is_row = made.is_durable || kind == 'S';
      made.keeps_order = made.is_durable && kind != 'S';
      const request_id sent = judge_.add(made).id;
      out.parts.push_back({kind, sent, judge_.actors()[to].name});
      return sent;
    };
    const auto tell = [&](request_id broadcast, std::uint32_t to) {
      request made = child(*r, source::effect, to);
      made.is_durable = made.is_row = made.keeps_order = made.is_heard = true;
      judge_.hears(broadcast, to, judge_.add(made).id);
    };
    for (std::uint64_t n = world_.rng().one_in(6) ? world_.rng().below(4) : 0; n > 0; --n) {
      send('E', source::effect, some_actor());
    }
    if (world_.rng().one_in(20)) {
      send('S', source::effect, some_actor());
    }
    if (world_.rng().one_in(40)) {
      const request_id sent = send('B', source::broadcast, r->actor);
      // A kernel whose host is still registering knows only some of those who listen.
      const bool is_known = commits && world_.all_serve();
      for (std::uint32_t i = 0; is_known && i < judge_.actors().size(); ++i) {
        if (r->view.action != "init" && is_listener(judge_.actors()[i])) {
          tell(sent, i);
        }
      }
    }
    // What is undone is undone here: the end of a chain would not tell whether it was.
    if (world_.rng().one_in(16) && judge_.at(r->id).undoes == 0) {
      judge_.at(r->id).foreign_answer = true;
      send('P', source::pipe, some_actor());
    }
  }
  end(r, host_result::answered, 200, encode_answer(out));
}

void sim_host::end(const running_ptr& r, host_result result, int status, std::string body) {
  if (r->ended || !alive(r)) {
    if (!r->ended) {
      r->ended = true;
      --busy_;
    }
    return;
  }
  r->ended = true;
  --busy_;
  world_.note("host ends", r->actor, r->run, static_cast<std::uint64_t>(result));
  // At once, so that the order between two answers is the order in which the lane hears of them.
  spawn::post(kernels_.at(r->life)->lane(r->lane),
              [this, r, result, status, text = std::move(body)] {
                if (r->started) {
                  judge_.run_ended(r->life, r->actor);
                }
                r->call->result = result;
                r->call->status = status;
                r->call->answer = text;
                r->call->why = "simulated";
                r->call->done(*r->call);
              });
}

}  // namespace sim
