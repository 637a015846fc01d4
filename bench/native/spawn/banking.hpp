// A teller asks accounts to move money; each asks the other account before it answers.
#pragma once
#include "stage.hpp"

namespace spawn::bench_native {

struct transfer {
  std::uint32_t to = 0;
  std::int64_t amount = 0;
};

// The addresses of all accounts, once for each lane.
struct account_book {
  static constexpr std::uint32_t count = 1000;
  std::vector<live_ref> accounts;

  void open(const live_context& ctx) {
    for (std::uint32_t i = 0; accounts.size() < count; ++i) {
      accounts.emplace_back(ctx, "Account", std::to_string(i));
    }
  }
};

class account final : public player {
 public:
  static constexpr std::uint32_t count = account_book::count;
  static actor_shape shape() { return shape_of("Account"); }
  account(live_context&, account_book& book) : book_(book) {}

 protected:
  void prepare(live_context& ctx, const part&) override { book_.open(ctx); }
  void play(live_context& ctx, const live_message& m) override {
    if (m.is_answer()) {
      ctx.reply(m.token(), no_payload());  // the teller's
    } else if (m.action() == ask) {
      const auto order = read<transfer>(m);
      balance_ -= order.amount;
      ctx.ask(book_.accounts[order.to], tell, payload_of(order.amount), m.token());
    } else if (m.action() == tell) {
      balance_ += read<std::int64_t>(m);
      ctx.reply(m, no_payload());
    } else if (m.action() == stop) {
      ctx.reply(m, payload_of(balance_));
      ctx.leave();
    }
  }

 private:
  account_book& book_;
  std::int64_t balance_ = 0;
};

class teller final : public player {
 public:
  static constexpr std::uint64_t at_once = 1000;
  static actor_shape shape() { return shape_of("Teller"); }
  teller(live_context&, account_book& book) : book_(book) {}

 protected:
  void prepare(live_context& ctx, const part& mine) override {
    to_ask_ = to_answer_ = mine.n;
    book_.open(ctx);
  }
  void play(live_context& ctx, const live_message& m) override {
    if (m.is_answer()) {
      if (--to_answer_ == 0) {
        cross(ctx);
      } else {
        next(ctx);
      }
      return;
    }
    for (std::uint64_t i = 0; i < at_once; ++i) {
      next(ctx);
    }
  }

 private:
  void next(live_context& ctx) {
    if (to_ask_ == 0) {
      return;
    }
    --to_ask_;
    const auto from = static_cast<std::uint32_t>(random_() % account::count);
    const auto to =
        static_cast<std::uint32_t>((from + 1 + random_() % (account::count - 1)) % account::count);
    const transfer order{to, static_cast<std::int64_t>(1 + random_() % 100)};
    ctx.ask(book_.accounts[from], ask, payload_of(order), 0);
  }

  std::minstd_rand0 random_;
  account_book& book_;
  std::uint64_t to_ask_ = 0, to_answer_ = 0;
};

}  // namespace spawn::bench_native
