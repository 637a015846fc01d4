#include "actors.hpp"
#include "counter.pb.h"
#include "json_text.hpp"

namespace example {

namespace sdk = spawn::sdk;

namespace {

using account_context = sdk::context<counter::AccountState>;

const counter::AccountState& change(account_context& ctx, std::int64_t amount) {
  const std::int64_t balance = ctx.view().balance() + amount;
  if (balance < 0) {
    // The call fails; the balance stays.
    throw sdk::action_error("the balance of " + ctx.self().name + " is too low");
  }
  ctx.state().set_balance(balance);
  return ctx.view();
}

std::int64_t positive(std::int64_t amount) {
  if (amount <= 0) {
    throw sdk::action_error("the amount must be above 0");
  }
  return amount;
}

const counter::AccountState& transfer(account_context& ctx, const std::string& to,
                                      std::int64_t amount) {
  const auto& state = change(ctx, -positive(amount));
  // Sent once the withdrawal is durable. The other account need not exist yet.
  counter::Amount deposit;
  deposit.set_amount(amount);
  sdk::effect_options as_account;
  as_account.register_ref = "Account";
  ctx.effect(to, "Deposit", deposit, as_account);
  return state;
}

sdk::json shown(const counter::AccountState& state) {
  return to_json("balance", state.balance());
}

}  // namespace

void declare_account(sdk::actor_set& app) {
  using namespace std::chrono_literals;
  auto& account = app.unnamed<counter::AccountState>("Account");
  account.idle_timeout(30s);

  account.action<counter::Amount>("Deposit", [](account_context& ctx, const auto& request) {
    return change(ctx, positive(request.amount()));
  });
  account.action<sdk::json>("Deposit", [](account_context& ctx, const sdk::json& request) {
    return shown(change(ctx, positive(number_of(request, "amount"))));
  });
  account.action<counter::Amount>("Withdraw", [](account_context& ctx, const auto& request) {
    return change(ctx, -positive(request.amount()));
  });
  account.action<sdk::json>("Withdraw", [](account_context& ctx, const sdk::json& request) {
    return shown(change(ctx, -positive(number_of(request, "amount"))));
  });
  account.action<counter::TransferRequest>("Transfer",
                                           [](account_context& ctx, const auto& request) {
                                             return transfer(ctx, request.to(), request.amount());
                                           });
  account.action<sdk::json>("Transfer", [](account_context& ctx, const sdk::json& request) {
    return shown(transfer(ctx, text_of(request, "to"), number_of(request, "amount")));
  });
  account.action("Show", [](account_context& ctx) { return shown(ctx.view()); });
}

}  // namespace example
