#include "sim/run.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "sim/errand_client.hpp"
#include "sim/sim_host.hpp"
#include "wire/common.hpp"

namespace sim {
namespace {

class run_state {
 public:
  explicit run_state(const options& with)
      : world_(with),
        judge_(world_, make_actors(world_.plans)),
        store_(world_, judge_),
        host_(world_, judge_),
        kernels_(world_.plans.kernels) {
    world_.all_serve = [this] {
      return std::all_of(kernels_.begin(), kernels_.end(),
                         [](const auto& k) { return k && k->is_serving(); });
    };
  }

  report play() {
    for (std::uint32_t i = 0; i < kernels_.size(); ++i) {
      start(i);
    }
    next_request();
    next_errand();
    next_trouble();
    hunt();
    next_look();
    const auto& with = world_.with;
    while (!judge_.failed() &&
           (world_.events() < with.events || crashes_ < with.crashes_min || !any_serving())) {
      world_.step();
    }
    settle();
    report out;
    out.failures = judge_.failures();
    out.hash = world_.log().hash();
    out.events = world_.events();
    out.requests = judge_.requests();
    out.crashes = crashes_;
    out.actors = static_cast<std::uint32_t>(judge_.actors().size());
    out.simulated_s = static_cast<double>(world_.now_ns()) / 1e9 - 1'000;
    out.answers = judge_.sum;
    out.errands = judge_.errands.sum();
    return out;
  }
  [[nodiscard]] trace& log() { return world_.log(); }

 private:
  [[nodiscard]] bool any_serving() const {
    return std::any_of(kernels_.begin(), kernels_.end(),
                       [](const auto& k) { return k && k->is_serving(); });
  }

  void start(std::uint32_t which) {
    kernels_[which] =
        std::make_unique<sim_kernel>(world_, store_, host_, judge_, ++last_life_, graveyard_);
    host_.kernel_lives(*kernels_[which]);
    kernels_[which]->start();
  }

  void crash(std::uint32_t which) {
    if (!kernels_[which]) {
      return;
    }
    const std::uint64_t life = kernels_[which]->life();
    world_.note("kernel dies", life);
    crashes_ += kernels_[which]->is_serving() ? 1 : 0;
    store_.kernel_died(life);
    host_.kernel_died(life);
    judge_.kernel_died(life);
    kernels_[which].reset();
    world_.after_ms(world_.rng().below(300), [this, which] {
      if (!kernels_[which]) {
        start(which);
      }
    });
  }

  // Asked to end: drains for a while, then it is gone, whatever is left.
  void stop(std::uint32_t which) {
    if (!kernels_[which] || !kernels_[which]->is_serving() || kernels_[which]->is_draining()) {
      return;
    }
    kernels_[which]->drain();
    world_.after_ms(world_.rng().below(2'000), [this, which, life = kernels_[which]->life()] {
      if (!world_.calm && kernels_[which] && kernels_[which]->life() == life) {
        crash(which);
      }
    });
  }

  void next_request() {
    world_.after_us(world_.about(world_.plans.think_us), [this] {
      if (!world_.calm) {
        send_request();
        next_request();
      }
    });
  }

  void send_request() {
    sim_kernel* k = kernels_[world_.rng().below(kernels_.size())].get();
    if (k == nullptr || !k->is_serving()) {
      return;
    }
    const auto actors = judge_.actors().size();
    request made;
    made.actor =
        static_cast<std::uint32_t>(world_.rng().below(world_.rng().one_in(2) ? 6 : actors));
    made.life = k->life();
    made.lane = static_cast<std::uint32_t>(world_.rng().below(k->lanes()));
    made.sent_ns = world_.now_ns();
    const std::uint64_t patience = world_.rng().one_in(10) ? 20 : 200 + world_.rng().below(3'000);
    made.deadline_ns = made.sent_ns + patience * spawn::ns_per_ms;
    const auto& actor = judge_.actors()[made.actor];
    const std::uint64_t dice = world_.rng().below(100);
    made.is_read = dice < 25;
    message_fields fields;
    fields.name = actor.name;
    fields.action = dice < 15 ? "get_state" : dice < 25 ? "peek" : "append";
    if (dice >= 95 && !actor.parent.empty()) {
      fields.register_ref = actor.parent;
    }
    const bool is_async = dice >= 90 && dice < 93;
    const bool is_scheduled = dice == 93 || dice == 94;
    made.foreign_answer = is_async || is_scheduled;
    made.ordered = !actor.pooled && !is_scheduled && !is_async && fields.register_ref.empty() &&
                   actor.mode == spawn::durability::commit;
    const bool is_order = world_.plans.orders && dice >= 25 && world_.rng().one_in(30) &&
                          !actor.pooled && actor.mode != spawn::durability::none;
    if (is_order) {
      made.foreign_answer = true;
      made.ordered = false;
      fields.register_ref = {};
    }
    const bool is_keyed = !is_order && !is_scheduled && !made.is_read && !actor.pooled &&
                          actor.mode == spawn::durability::commit && world_.rng().one_in(6);
    if (is_keyed) {
      send_keyed(made, is_async);
      return;
    }
    made.acked_then = judge_.acked(made.actor);
    const request& asked = judge_.add(made);
    fields.id = asked.id;
    auto message = make_message(fields);
    message->is_async = is_async && !is_order;
    if (is_order) {
      message->order = an_order(made.actor);
    }
    message->read_state = dice < 5;
    message->scheduled_to =
        is_scheduled && !is_order ? static_cast<std::int64_t>(1 + world_.rng().below(500)) : 0;
    k->ask(asked, std::move(message));
  }

  // A call with an idempotency key, and its repeats: while it runs, after it was answered, after
  // its kernel died. What runs is the first request, whichever of them it comes with.
  void send_keyed(request made, bool is_async, request_id first = 0, int repeats = 0) {
    const auto which = world_.rng().below(kernels_.size());
    sim_kernel* k = kernels_[which].get();
    if (k != nullptr && k->is_serving()) {
      made.life = k->life();
      made.lane = static_cast<std::uint32_t>(world_.rng().below(k->lanes()));
      made.sent_ns = world_.now_ns();
      made.deadline_ns = made.sent_ns + (50 + world_.rng().below(2'000)) * spawn::ns_per_ms;
      made.ordered = false;
      made.foreign_answer = true;
      made.keyed_as = first != 0 ? first : judge_.requests() + 1;
      const request& asked = judge_.add(made);
      first = made.keyed_as;
      message_fields fields;
      const std::string key = "call-" + std::to_string(first);
      fields.name = judge_.actors()[made.actor].name;
      fields.action = "append";
      fields.id = first;
      fields.idempotency_key = key;
      auto message = make_message(fields);
      message->is_async = is_async;
      k->ask(asked, std::move(message));
    }
    if (repeats < 5 && first != 0 && !world_.rng().one_in(4)) {
      const std::uint64_t after_ms =
          world_.rng().one_in(3) ? world_.rng().below(5) : world_.rng().below(1'500);
      world_.after_ms(after_ms, [this, made, is_async, first, repeats] {
        if (!world_.calm) {
          send_keyed(made, is_async, first, repeats + 1);
        }
      });
    }
  }

  void next_errand() {
    world_.after_us(world_.about(world_.plans.think_us * 15), [this] {
      if (!world_.calm) {
        sim_kernel* k = kernels_[world_.rng().below(kernels_.size())].get();
        if (k != nullptr && k->is_serving()) {
          send_errand_call(world_, judge_, *k);
        }
        next_errand();
      }
    });
  }

  // Half of the runs: what one step of a flow has stored is what the next life finds.
  void hunt() {
    if (!world_.plans.hunts) {
      return;
    }
    judge_.errands.on_landed = [this] {
      if (world_.calm || !world_.rng().one_in(8)) {
        return;
      }
      world_.after_us(world_.rng().below(6'000), [this] {
        if (!world_.calm) {
          crash(static_cast<std::uint32_t>(world_.rng().below(kernels_.size())));
        }
      });
    };
  }

  std::shared_ptr<spawn::state_order> an_order(std::uint32_t actor) {
    auto order = std::make_shared<spawn::state_order>();
    const std::uint64_t newest = store_.revision_of(actor);
    if (newest > 1 && !world_.rng().one_in(4)) {
      order->revision = newest - world_.rng().below(std::min<std::uint64_t>(newest, 40));
    } else {
      order->kind =
          world_.rng().one_in(2) ? spawn::state_order_kind::remove : spawn::state_order_kind::erase;
    }
    world_.note("order", actor, order->revision, static_cast<std::uint64_t>(order->kind));
    return order;
  }

  // Crashes, outages, jumps of the wall clock, operators.
  void next_trouble() {
    world_.after_us(world_.about(60'000), [this] {
      if (world_.calm) {
        return;
      }
      const auto which = static_cast<std::uint32_t>(world_.rng().below(kernels_.size()));
      switch (world_.rng().below(9)) {
        case 0:
          crash(which);
          break;
        case 1: {
          const std::int64_t hour = 3'600'000;
          const std::int64_t jump = world_.rng().one_in(2) ? hour : -hour;
          world_.time().jump_wall_ms(jump);
          clock_behind_ms_ = std::max<std::int64_t>(clock_behind_ms_ - jump, 0);
          world_.note("wall clock jumps");
          break;
        }
        case 2:
          stop(which);
          break;
        case 3:
          if (world_.plans.outages) {
            store_.outage(world_.rng().below(world_.rng().one_in(3) ? 4'000 : 200));
          }
          break;
        case 4:
        case 5:
        case 6:
          if (world_.plans.operators) {
            store_.operator_event();
          }
          break;
        default:
          if (world_.events() > world_.with.events / 4 * (crashes_ + 1)) {
            crash(which);  // so that no run ends without its crashes
          }
          break;
      }
      next_trouble();
    });
  }

  void next_look() {
    world_.after_us(20'000, [this] {
      for (std::uint32_t i = 0; i < kernels_.size(); ++i) {
        if (kernels_[i]) {
          if (kernels_[i]->start_failed()) {
            crash(i);
            continue;
          }
          kernels_[i]->check_bounds();
        }
      }
      if (!finished_) {
        next_look();
      }
    });
  }

  // The troubles end; every request is answered, every save known, and the kernels drain.
  void settle() {
    world_.calm = true;
    world_.time().jump_wall_ms(clock_behind_ms_);  // put right: what is due by now, is
    const auto until = [this](std::uint64_t ms, auto done) {
      const std::uint64_t limit = world_.now_ns() + ms * spawn::ns_per_ms;
      while (!judge_.failed() && !done() && world_.now_ns() < limit && world_.step()) {
      }
      return done();
    };
    const auto left_now = [this] {
      std::string out;
      for (auto& k : kernels_) {
        out += k ? k->left() : std::string();
      }
      return out;
    };
    // Half of the runs drain with everything under way, the others once it is quiet: past every
    // deadline, every late landing and every back-off.
    const bool at_once = world_.rng().one_in(2);
    const bool served = std::all_of(kernels_.begin(), kernels_.end(), [](const auto& k) {
      return k && k->is_serving() && !k->is_draining();
    });
    const auto quiet = [&] { static_cast<void>(until(12'000, [] { return false; })); };
    const auto errands_end = [&] {
      static_cast<void>(until(60'000, [this] { return judge_.errands.is_quiet(); }));
      static_cast<void>(until(3'000, [] { return false; }));  // what they have dropped
    };
    if (!at_once) {
      quiet();
      errands_end();
    }
    const std::string before_drain = left_now();
    static_cast<void>(until(8'000, [this] {
      return std::all_of(kernels_.begin(), kernels_.end(),
                         [](const auto& k) { return k && k->is_serving(); });
    }));
    for (auto& k : kernels_) {
      if (k && k->is_serving() && !k->is_draining()) {
        k->drain();
      }
    }
    const bool drained = until(15'000, [this] {
      return std::all_of(kernels_.begin(), kernels_.end(),
                         [](const auto& k) { return !k || !k->is_serving() || k->is_drained(); });
    });
    if (at_once) {
      quiet();
    }
    if (judge_.failed()) {
      return;
    }
    judge_.at_end();
    const bool was_good = !judge_.failed();
    look_at_rows(served && !at_once);
    if (was_good && judge_.failed()) {
      judge_.fail("rows", "before the drain there were:" + before_drain);
    }
    finished_ = true;
    if (!drained && !judge_.failed()) {
      judge_.fail("drain", "a kernel did not drain within 15 s:" + left_now());
    }
    static_cast<void>(until(1'000, [] { return false; }));  // the reads that are out come back
    for (auto& k : kernels_) {
      if (k && k->is_serving() && !judge_.failed()) {
        k->check_empty();
      }
    }
  }

  // A broadcast under way is under way to each who has not had it; a row of one, to its receiver.
  void add_listeners(const spawn::invocation& row, request_id broadcast,
                     std::unordered_set<request_id>& place) {
    const bool fans_out = row.row->kind == spawn::row_kind::fan_out;
    for (std::uint32_t i = 0; i < judge_.actors().size(); ++i) {
      const actor_facts& each = judge_.actors()[i];
      const request_id heard = judge_.heard_as(broadcast, i);
      if (heard != 0 &&
          (fans_out ? place_of(each) > row.row->cursor : row.target.name == each.name)) {
        place.insert(heard);
      }
    }
  }

  void look_at_rows(bool quiet) {
    std::unordered_set<request_id> pending;
    std::unordered_set<request_id> dead;
    const auto rows = store_.rows();
    judge_.errands.at_end(rows, quiet);
    for (const auto& [key, message] : rows) {
      spawn::wire::any_view any;
      request_id id = 0;
      if (spawn::wire::read_any(message->argument.any, any) && any.value.size() == sizeof id) {
        std::memcpy(&id, any.value.data(), sizeof id);
        auto& place = key.starts_with("d/") ? dead : pending;
        place.insert(id);
        add_listeners(*message, id, place);
      }
    }
    judge_.rows_at_end(pending, dead, quiet && !world_.plans.operators);
    if (quiet && !world_.plans.operators) {
      judge_.calls_at_end(store_.running_calls());
    }
  }

  world world_;
  checker judge_;
  sim_store store_;
  sim_host host_;
  std::vector<std::unique_ptr<sim_lane>> graveyard_;
  std::vector<std::unique_ptr<sim_kernel>> kernels_;
  std::uint64_t last_life_ = 0;
  std::uint32_t crashes_ = 0;
  std::int64_t clock_behind_ms_ = 0;  // of the latest that the wall clock has shown
  bool finished_ = false;
};

}  // namespace

report run(const options& with, bool explain) {
  run_state state(with);
  report out = state.play();
  if (!out.good() && explain) {
    std::printf("seed %llu failed; its last events:\n", static_cast<unsigned long long>(with.seed));
    state.log().print_last(stdout);
    for (const auto& text : out.failures) {
      std::printf("  %s\n", text.c_str());
    }
    std::printf("replay: sim_run --seed %llu --trace\n",
                static_cast<unsigned long long>(with.seed));
  }
  return out;
}

}  // namespace sim
