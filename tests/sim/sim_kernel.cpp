#include "sim/sim_kernel.hpp"

#include "lane/post.hpp"
#include "sim/sim_host.hpp"

namespace sim {

struct sim_kernel::per_lane {
  per_lane(sim_kernel& of, sim_host& host, std::uint32_t index)
      : home(*of.lanes_[index]),
        seal(std::move(*of.sealer_->make_lane())),
        codec(*seal),
        writers(of.world_.rng().next(), index),
        store(home, *of.port_),
        records(store, codec, writers),
        rows(*seal),
        keeper(home, {&store}, rows, writers, {}),
        link(host, of, index),
        workflow_ports{&of.workflow_},
        workflows(home, workflow_ports, of.budget_),
        flows(home, of.budget_),
        services{home,     link,  workflows, flows,  codec,      writers,
                 {&store}, stats, rows,      keeper, of.budget_, nullptr},
        router({*of.set_, services, options_of(of.world_), records, of.budget_, nullptr, false,
                5'000, true, of.life_, &of.policies_.virtuals, scan_of(of.world_),
                timed_of(of.world_)}) {}

  static spawn::row_scan_options scan_of(const world&) {
    spawn::row_scan_options out;
    out.every_ms = 1'000;
    out.old_after_ms = 600;
    out.wakes = 4;
    return out;
  }
  static spawn::timed_options timed_of(const world&) {
    spawn::timed_options out;
    out.look_again_ms = 300;
    out.late_per_s = 500;
    out.survey_ms = 1'000;
    return out;
  }

  static spawn::cell_options options_of(const world& in) {
    spawn::cell_options out;
    out.request_ms = 5'000;
    out.deactivate_jitter_ms = 20;
    out.doubt_ms = in.plans.doubt_ms;
    out.cells_max = in.plans.cells_max;
    out.save_turns_max = in.plans.save_turns_max;
    out.rules = in.with.rules;
    out.fan_out_rows = 1;  // a page for each listener: so a broadcast has a middle
    out.rows = {.attempts_max = 6, .backoff_first_ms = 10, .backoff_max_ms = 200};
    return out;
  }

  spawn::lane& home;
  std::unique_ptr<spawn::lane_sealer> seal;
  spawn::record_codec codec;
  spawn::writer_ids writers;
  spawn::journal store;
  spawn::record_writer records;
  spawn::row_codec rows;
  spawn::row_keeper keeper;
  sim_link link;
  spawn::workflow_port* workflow_ports[1];
  spawn::workflow_engine workflows;
  spawn::flow_runner flows;
  spawn::lane_stats stats;
  spawn::cell_services services;
  spawn::lane_router router;
};

sim_kernel::sim_kernel(world& in, sim_store& store, sim_host& host, checker& judge,
                       std::uint64_t life, std::vector<std::unique_ptr<sim_lane>>& graveyard)
    : world_(in),
      judge_(judge),
      life_(life),
      graveyard_(graveyard),
      policies_(make_policies(in.plans, workflow_)),
      port_(store.port(life)),
      sealer_(std::move(*spawn::sealer::create({}))) {
  std::vector<spawn::lane*> raw;
  for (std::uint32_t i = 0; i < in.plans.lanes; ++i) {
    lanes_.push_back(std::make_unique<sim_lane>(i, in, in.rng().next()));
    raw.push_back(lanes_.back().get());
  }
  set_ = std::make_unique<spawn::lane_set>(raw);
  for (std::uint32_t i = 0; i < in.plans.lanes; ++i) {
    each_.push_back(std::make_unique<per_lane>(*this, host, i));
    routers_.push_back(&each_.back()->router);
  }
  for (auto* router : routers_) {
    router->connect(routers_);
  }
  registrar_ = std::make_unique<spawn::registrar>(*set_, routers_, policies_, each_[0]->records,
                                                  each_[0]->codec, each_[0]->store);
}

sim_kernel::~sim_kernel() {
  *alive_ = false;
  for (auto& l : lanes_) {
    l->stop();
  }
  registrar_.reset();
  each_.clear();
  for (auto& l : lanes_) {
    graveyard_.push_back(std::move(l));
  }
}

void sim_kernel::start() {
  world_.note("kernel starts", life_);
  spawn::post(*lanes_[0], [this] {
    registrar_->recover(true, [this](spawn::result<void> read) {
      if (!read) {
        start_failed_ = true;  // as a process that ends, and is started again
        return;
      }
      if (registrar_->registrations() > 0 && world_.spawned && !world_.rng().one_in(4)) {
        serving_ = true;  // the host is alive and says nothing: it was registered before
        world_.note("kernel serves", life_);
        return;
      }
      struct asked final : spawn::reply_slot {
        sim_kernel* of = nullptr;
      };
      auto* slot = new asked;
      slot->of = this;
      slot->home = lanes_[0].get();
      slot->arrived = [](spawn::reply_slot& s) {
        const std::unique_ptr<asked> mine(static_cast<asked*>(&s));
        if (mine->result.ok()) {
          mine->of->ask_spawn();
        } else {
          mine->of->start_failed_ = true;
        }
      };
      registrar_->register_host(registration_bytes(world_.plans), std::nullopt, *slot);
    });
  });
}

void sim_kernel::ask_spawn() {
  struct asked final : spawn::reply_slot {
    sim_kernel* of = nullptr;
  };
  auto* slot = new asked;
  slot->of = this;
  slot->home = lanes_[0].get();
  slot->arrived = [](spawn::reply_slot& s) {
    const std::unique_ptr<asked> mine(static_cast<asked*>(&s));
    mine->of->serving_ = mine->result.ok();
    mine->of->world_.spawned = mine->of->world_.spawned || mine->result.ok();
    mine->of->start_failed_ = !mine->result.ok();
    mine->of->world_.note("kernel serves", mine->of->life_);
  };
  spawn::registrar::spawn(routers_, *set_, *lanes_[0], spawn_bytes(judge_.actors()), 0, *slot);
}

void sim_kernel::ask(const request& asked, spawn::invocation_ptr message) {
  auto* slot = new pending_reply;
  slot->judge = &judge_;
  slot->id = asked.id;
  slot->home = &lane(asked.lane);
  slot->arrived = [](spawn::reply_slot& s) {
    const std::unique_ptr<pending_reply> mine(static_cast<pending_reply*>(&s));
    mine->judge->answered(mine->judge->at(mine->id), mine->result);
  };
  message->reply = slot;
  message->deadline_ns = asked.deadline_ns;
  message->budget = &budget_;
  message->charged_bytes = 100;
  budget_.take(100);
  world_.note("request", asked.id, asked.actor, life_);
  ingress(asked.lane, std::move(message));
}

void sim_kernel::ingress(std::uint32_t lane, spawn::invocation_ptr message) {
  spawn::lane_router* router = routers_[lane];
  spawn::post(*lanes_[lane],
              [router, held = std::move(message)]() mutable { router->route(std::move(held)); });
}

void sim_kernel::drain() {
  draining_ = true;
  world_.note("kernel drains", life_);
  for (std::uint32_t i = 0; i < lanes(); ++i) {
    spawn::post(*lanes_[i], [this, i] {
      routers_[i]->drain([this] {
        if (++drained_ == lanes()) {
          for (std::uint32_t each = 0; each < lanes(); ++each) {
            spawn::post(*lanes_[each], [this, each] { routers_[each]->close_replies(); });
          }
        }
      });
    });
  }
}

void sim_kernel::check_bounds() {
  for (const auto& l : each_) {
    std::uint64_t waiting = 0;
    l->router.cells().table().for_each([&](spawn::cell& c) {
      waiting += c.waiting;
      // Turns whose save was lost come back beyond the bound: they were let in before.
      std::uint32_t let_in = 0;
      c.mailbox.for_each([&](const spawn::invocation& each) { let_in += each.reroutes == 0; });
      if (let_in > world_.plans.mailbox_max) {
        judge_.fail("bound", "the mailbox of " + std::string(c.id().name) + " holds " +
                                 std::to_string(let_in));
      }
    });
    if (waiting != l->stats.messages_waiting.get()) {
      judge_.fail("count", "messages_waiting is " +
                               std::to_string(l->stats.messages_waiting.get()) + ", there are " +
                               std::to_string(waiting));
    }
    const auto cells = l->router.cells().table().size();
    if (cells > world_.plans.cells_max) {
      judge_.fail("bound", std::to_string(cells) + " cells are active");
    }
    if (cells != l->stats.cells.get()) {
      judge_.fail("count", "the gauge of cells is off");
    }
  }
}

std::string sim_kernel::left() const {
  std::string out;
  for (const auto& l : each_) {
    l->router.cells().table().for_each([&](const spawn::cell& c) {
      out += ' ';
      out += c.id().name;
      out += " phase " + std::to_string(static_cast<int>(c.phase));
      out += " waiting " + std::to_string(c.waiting);
      out += c.running ? " running" : "";
      out += c.flying ? " flying" : "";
      out += c.gathering ? " gathering" : "";
      out += c.dirty ? " dirty" : "";
      out += c.reload ? " reload" : "";
      if (c.rows) {
        out += " rows: pending " + std::to_string(c.rows->pending()) + " writes " +
               std::to_string(c.rows->writes);
        out += c.rows->listing ? " listing" : "";
        out += c.rows->wants_page() ? " wants" : "";
        out += c.rows->retry.is_linked() ? " retry" : "";
      }
      out += ';';
    });
  }
  return out;
}

void sim_kernel::check_empty() {
  for (const auto& l : each_) {
    if (l->router.cells().table().size() != 0 || l->store.in_flight() != 0 ||
        l->records.in_flight() != 0 || l->keeper.in_flight() != 0 ||
        l->stats.messages_waiting.get() != 0) {
      judge_.fail("empty", "left on a lane after the drain: cells " +
                               std::to_string(l->router.cells().table().size()) +
                               ", store operations " + std::to_string(l->store.in_flight()) +
                               ", records " + std::to_string(l->records.in_flight()) + ", rows " +
                               std::to_string(l->keeper.in_flight()) + ", messages " +
                               std::to_string(l->stats.messages_waiting.get()));
    }
  }
  if (budget_.used() != 0) {
    judge_.fail("budget", std::to_string(budget_.used()) + " bytes were never given back");
  }
}

}  // namespace sim
