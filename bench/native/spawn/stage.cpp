#include <charconv>
#include <map>

#include "banking.hpp"
#include "big.hpp"
#include "counting.hpp"
#include "fork_join_create.hpp"
#include "fork_join_throughput.hpp"
#include "ping_pong.hpp"
#include "spawn_manifest.h"
#include "thread_ring.hpp"

namespace spawn::bench_native {
namespace {

// The actors of one benchmark, and how it begins.
struct cast {
  const char* type;
  std::uint32_t count;
};
struct play_bill {
  std::vector<cast> cast_list;
  const char* first;   // gets GO
  std::uint32_t goes;  // so many times; to each of its kind when there are several
  bool each = false;   // GO to all of the kind
  std::uint64_t messages_of_one;
  std::uint64_t actors = 0;  // 0: all that were set up
  std::uint64_t at_work = 0;
};

const std::map<std::string, play_bill, std::less<>>& bills() {
  static const std::map<std::string, play_bill, std::less<>> all{
      {"ping_pong", {{{"Ping", 1}, {"Pong", 1}}, "Ping", 1, false, 2}},
      {"counting", {{{"Producer", 1}, {"Counter", 1}}, "Producer", 2, false, 1}},
      {"thread_ring", {{{"RingMember", ring_member::size}}, "RingMember", 1, false, 1}},
      {"big",
       {{{"Member", member::crowd}}, "Member", 1, true, 2ull * member::crowd, 0, member::crowd}},
      {"fork_join_create", {{{"Creator", 1}}, "Creator", 2, false, 1}},
      {"fork_join_throughput",
       {{{"Source", 1}, {"Worker", worker::crowd}},
        "Source",
        2,
        false,
        worker::crowd,
        worker::crowd,
        worker::crowd}},
      {"banking", {{{"Teller", 1}, {"Account", account::count}}, "Teller", 1, false, 4}},
  };
  return all;
}

// Takes "BENCH N" from outside, sets the actors up, and answers "ACTORS MESSAGES SECONDS" when the
// last message has been handled.
class stage final : public live_actor {
 public:
  static actor_shape shape() {
    return {.name = "Stage", .named = true, .actions = {"Run", "Done"}};
  }
  stage(live_context&, stage_data& shared) : shared_(shared) {}

  void receive(live_context& ctx, const live_message& m) override {
    if (m.is_answer()) {
      if (is_stopping_) {
        total_ += read<std::int64_t>(m);
      }
      ready(ctx);
    } else if (m.is_failure()) {
      end(ctx, "a part could not be played: " + std::string(m.value()));
    } else if (m.is_tell()) {
      took_ns_ = read<finish>(m).at_ns - began_ns_;
      finished(ctx);
    } else {
      begin(ctx, m);
    }
  }

 private:
  void begin(live_context& ctx, const live_message& m) {
    const std::string_view order = m.value();
    const auto blank = order.find(' ');
    const auto found = bills().find(order.substr(0, blank));
    if (bill_ != nullptr || found == bills().end() || blank == std::string_view::npos) {
      ctx.refuse(m.token(), SPAWN_E_INVALID, "no such benchmark, or one is running");
      return;
    }
    bill_ = &found->second;
    is_banking_ = found->first == "banking";
    who_ = m.token();
    n_ = 0;
    std::from_chars(order.data() + blank + 1, order.data() + order.size(), n_);
    shared_.handled = 0;
    shared_.at_work = bill_->at_work;
    total_ = 0;
    actors_.clear();
    for (const cast& each : bill_->cast_list) {
      for (std::uint32_t i = 0; i < each.count; ++i) {
        actors_.emplace_back(ctx, each.type, std::to_string(i));
        ctx.ask(actors_.back(), setup, payload_of(part{n_, i}), 0);
      }
    }
    to_answer_ = actors_.size();
  }
  void ready(live_context& ctx) {
    if (--to_answer_ != 0) {
      return;
    }
    if (is_stopping_) {
      is_stopping_ = false;
      end(ctx, total_ == 0 ? "" : "the balances do not add up to 0");
      return;
    }
    began_ns_ = now_ns();
    const std::size_t firsts = bill_->each ? actors_.size() : 1;
    for (std::size_t i = 0; i < firsts; ++i) {
      for (std::uint32_t k = 0; k < bill_->goes; ++k) {
        const bool is_ring = std::string_view(bill_->first) == "RingMember";
        ctx.tell(actors_[i], go, is_ring ? payload_of(n_ - 1) : no_payload());
      }
    }
  }
  void finished(live_context& ctx) {
    if (!is_banking_) {
      end(ctx, "");
      return;
    }
    is_stopping_ = true;
    to_answer_ = actors_.size() - 1;
    for (std::size_t i = 1; i < actors_.size(); ++i) {
      ctx.ask(actors_[i], stop, no_payload(), 0);
    }
  }
  void end(live_context& ctx, const std::string& why) {
    if (!why.empty()) {
      ctx.refuse(who_, SPAWN_E_INTERNAL, why);
    } else {
      const bool creates = std::string_view(bill_->first) == "Creator";
      const std::uint64_t actors = creates              ? n_
                                   : bill_->actors != 0 ? bill_->actors
                                                        : actors_.size();
      const std::string said = std::to_string(actors) + " " +
                               std::to_string(n_ * bill_->messages_of_one) + " " +
                               std::to_string(static_cast<double>(took_ns_) / 1e9);
      ctx.reply(who_, payload_of_any("type.googleapis.com/spawn.bench.Outcome", said));
    }
    bill_ = nullptr;
    actors_.clear();
  }

  stage_data& shared_;
  const play_bill* bill_ = nullptr;
  std::uint64_t who_ = 0, n_ = 0;
  std::vector<live_ref> actors_;
  std::size_t to_answer_ = 0;
  std::int64_t total_ = 0;  // of all balances
  std::int64_t began_ns_ = 0, took_ns_ = 0;
  bool is_banking_ = false, is_stopping_ = false;
};

class savina : public stage_data {
 public:
  using live_types = live_list<stage, ping, pong, producer, counter, ring_member, member, creator,
                               created, source, worker, teller, account>;
  using lane = account_book;
  explicit savina(const create_args&) {}
};

}  // namespace
}  // namespace spawn::bench_native

SPAWN_PLUGIN(spawn::bench_native::savina, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::live_only_glue<spawn::bench_native::savina>,
             spawn::plugin::live_actors_glue<spawn::bench_native::savina>)
