// An action with its types erased, and how a C++ callable becomes one.
#pragma once

#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "spawn/sdk/context.hpp"

namespace spawn::sdk::detail {

// Thread: run() is called by several workers at once, for different actors.
class handler {
 public:
  handler() = default;
  handler(const handler&) = delete;
  handler& operator=(const handler&) = delete;
  virtual ~handler() = default;
  // Empty: takes every payload.
  [[nodiscard]] virtual std::string_view payload_type() const = 0;
  virtual void run(turn& turn) const = 0;
};

// The response type when the caller of action() names none: what the callable returns.
struct deduced {};

// `initial` is borrowed from the actor's definition, which outlives its handlers.
template <class State, class Request, class Response, class Fn>
class typed_handler final : public handler {
 public:
  typed_handler(Fn fn, const std::optional<State>& initial)
      : fn_(std::move(fn)), initial_(initial) {}

  std::string_view payload_type() const override {
    if constexpr (std::same_as<Request, nothing>) {
      return {};
    } else {
      return codec<Request>::type_name();
    }
  }

  void run(turn& turn) const override {
    context<State> ctx(turn, initial_ ? &*initial_ : nullptr);
    if constexpr (std::same_as<Request, nothing>) {
      answer(ctx, [&]() -> decltype(auto) { return fn_(ctx); });
    } else {
      Request request{};
      const auto payload = turn.payload();
      if (payload.kind == presence::value &&
          !codec<Request>::decode(payload.type_url, payload.value, request)) {
        throw_bad_bytes("payload", codec<Request>::type_name());
      }
      answer(ctx, [&]() -> decltype(auto) { return fn_(ctx, std::as_const(request)); });
    }
    ctx.store();
  }

 private:
  template <class Call>
  static void answer(context<State>& ctx, Call&& call) {
    using returned = std::remove_cvref_t<decltype(call())>;
    if constexpr (std::same_as<returned, void>) {
      call();
    } else if constexpr (std::same_as<returned, replied>) {
      static_cast<void>(call());
    } else if constexpr (std::same_as<Response, deduced>) {
      static_cast<void>(ctx.reply(static_cast<const returned&>(call())));
    } else {
      static_assert(std::convertible_to<returned, Response>,
                    "the action returns something else than the response type it was given");
      static_cast<void>(ctx.reply(static_cast<const Response&>(call())));
    }
  }

  Fn fn_;
  const std::optional<State>& initial_;
};

}  // namespace spawn::sdk::detail
