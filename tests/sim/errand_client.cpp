#include "sim/errand_client.hpp"

#include "sim/messages.hpp"
#include "sim/sim_kernel.hpp"

namespace sim {
namespace {

std::uint32_t some_actor(world& in, const checker& judge) {
  // The hot ones of the other requests, so that turns meet.
  return static_cast<std::uint32_t>(in.rng().below(in.rng().one_in(2) ? 6 : judge.actors().size()));
}

// What to send. The sender fills in when and where.
struct errand_message {
  request asked;
  std::string name;
  std::string action;
  std::string value;
};

request sent_by_flow(std::uint32_t actor) {
  request out;
  out.from = source::flow;
  out.actor = actor;
  out.is_durable = true;
  out.is_row = true;
  out.for_flow = true;
  return out;
}

void add_call(world& in, checker& judge, errand_step& to, bool may_be_late) {
  const std::uint32_t actor = some_actor(in, judge);
  to.to = judge.actors()[actor].name;
  request step = sent_by_flow(actor);
  step.refused = in.rng().one_in(6);
  to.id = judge.add(step).id;
  if (to.what == errand_step::kind::note) {
    return;
  }
  request undo = sent_by_flow(actor);
  undo.undoes = to.id;
  to.undo = judge.add(undo).id;
  judge.at(to.id).undone_by = to.undo;
  to.timeout_ms = may_be_late && in.rng().one_in(6) ? 5 + in.rng().below(1'000) : 0;
}

// Adds it to the ledger, and its children before it.
errand_plan make_errand(world& in, checker& judge, const std::string& name, bool is_child) {
  auto& rng = in.rng();
  errand_plan out;
  out.scatters = rng.one_in(3);
  out.pause_ms = rng.one_in(3) ? 1 + rng.below(60) : 0;
  const bool may_be_late = rng.one_in(2);
  out.patience_ms = may_be_late && rng.one_in(2) ? 10 + rng.below(1'500) : 0;
  bool calls = false;
  const std::uint64_t steps = 1 + rng.below(4);
  for (std::uint64_t i = 0; i < steps; ++i) {
    auto& step = out.steps.emplace_back();
    const std::uint64_t dice = rng.below(10);
    step.what = dice == 0                ? errand_step::kind::note
                : dice == 1 && !is_child ? errand_step::kind::child
                                         : errand_step::kind::call;
    if (step.what == errand_step::kind::child) {
      const auto& all = errand_ledger::child_names();
      step.to = all[rng.below(all.size())];
      const errand_plan child = make_errand(in, judge, step.to, true);
      step.id = child.number;
      step.plan = encode_plan(child);
      continue;
    }
    add_call(in, judge, step, may_be_late);
    calls = calls || step.what == errand_step::kind::call;
  }
  out.ends_at_once = calls && rng.one_in(4);
  out.number = judge.errands.next_number();
  judge.errands.add(name, out);
  return out;
}

errand_message make_errand_call(world& in, checker& judge) {
  auto& rng = in.rng();
  const auto& names = errand_ledger::names();
  errand_message out;
  out.name = names[rng.below(names.size())];
  out.asked.foreign_answer = true;
  const std::uint64_t dice = rng.below(10);
  if (dice == 0) {
    out.action = "ask";
    out.asked.call = errand_call::ask;
    out.asked.actor = some_actor(in, judge);
    request routed = sent_by_flow(out.asked.actor);
    routed.from = source::pipe;
    out.value = encode_part({'P', judge.add(routed).id, judge.actors()[routed.actor].name});
  } else if (dice < 4) {
    out.action = dice == 1 ? "get" : "await";
    out.asked.call = errand_call::await;
  } else if (dice == 4 && errand_ledger::is_stoppable(out.name)) {
    out.action = "stop";
    out.asked.call = errand_call::stop;
  } else {
    const bool runs = rng.one_in(3);
    out.action = runs ? "run" : "start";
    out.asked.call = runs ? errand_call::run : errand_call::start;
    const errand_plan plan = make_errand(in, judge, out.name, false);
    out.asked.errand = plan.number;
    out.value = encode_plan(plan);
  }
  return out;
}

std::shared_ptr<spawn::state_order> an_order(world& in) {
  auto out = std::make_shared<spawn::state_order>();
  out->kind = in.rng().one_in(2) ? spawn::state_order_kind::remove : spawn::state_order_kind::erase;
  return out;
}

}  // namespace

void send_errand_call(world& in, checker& judge, sim_kernel& to) {
  errand_message made = make_errand_call(in, judge);
  const bool is_order =
      in.plans.orders && errand_ledger::is_stoppable(made.name) && in.rng().one_in(8);
  made.asked.call = is_order ? errand_call::stop : made.asked.call;
  made.asked.life = to.life();
  made.asked.lane = static_cast<std::uint32_t>(in.rng().below(to.lanes()));
  made.asked.sent_ns = in.now_ns();
  made.asked.deadline_ns = in.now_ns() + (100 + in.rng().below(4'000)) * spawn::ns_per_ms;
  const request& asked = judge.add(made.asked);
  message_fields fields;
  fields.name = made.name;
  fields.action = made.action;
  fields.id = asked.id;
  fields.value = made.value;
  fields.register_ref = errand_parent;
  auto message = make_message(fields);
  message->deadline_ns = asked.deadline_ns;
  message->order = is_order ? an_order(in) : nullptr;
  to.ask(asked, std::move(message));
}

}  // namespace sim
