// Calls of actors: whom a request goes to, what the answer is, streams, limits.
#include <algorithm>
#include <map>

#include "contract/activator/grpc/actor_kernel.hpp"
#include "contract/activator/grpc/caller.hpp"
#include "contract/activator/grpc/checks.hpp"
#include "contract/activator/grpc/contracts.hpp"

namespace grpc_test {
namespace {

using contract::require;
using contract::require_equal;
using contract::target;

enum : int {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid = 3,
  deadline = 4,
  not_found = 5,
  denied = 7,
  exhausted = 8,
  precondition = 9,
  aborted = 10,
  unimplemented = 12,
  unavailable = 14
};

std::optional<given> say_done(const request&) {
  return reply("done");
}
std::optional<given> wait_for_test(const request&) {
  return std::nullopt;
}

void a_request_reaches_its_actor(const target& t) {
  actor_kernel kernel(t.entry, say_done, {.more = R"(, "system": "shop")"});
  const caller client(kernel.port());
  const auto got = client.unary("/shop.v1.Desk/Say", field(1, "hello"), {{"x-color", "red"}});
  require_equal(got.code, int{ok}, "status: " + got.text);
  require_equal(got.message, field(1, "done"), "answer");
  const request one = kernel.requests(1).front();
  require_equal(one.system, std::string("shop"), "system");
  require_equal(one.name, std::string("Desk"), "actor");
  require_equal(one.parent, std::string(), "parent");
  require_equal(one.register_ref, std::string(), "register_ref");
  require_equal(one.action, std::string("Say"), "action");
  require_equal(one.source, std::string("shop.v1.Desk/Say"), "source");
  require_equal(one.type_url, std::string("type.googleapis.com/shop.v1.Plain"), "type_url");
  require_equal(one.payload, field(1, "hello"), "payload");
  require((one.flags & SPAWN_D_WANT_REPLY) != 0, "nobody waits for the answer");
  require(one.header("x-color") != nullptr && *one.header("x-color") == "red", "metadata");
  require(one.header("grpc-method") != nullptr, "no header grpc-method");
  require(one.deadline_ns > kernel.host().clock.now_ns(), "the client's deadline is not told");
  kernel.end();
}

void an_instance_is_named_by_its_field(const target& t) {
  actor_kernel kernel(t.entry, say_done);
  const caller client(kernel.port());
  const auto name_of = [&](const std::string& method, const std::string& message) {
    const std::size_t before = kernel.count();
    const auto got = client.unary("/shop.v1.order_actor/" + method, message);
    require_equal(got.code, int{ok}, method + ": " + got.text);
    const request one = kernel.requests(before + 1).back();
    require_equal(one.parent, std::string("OrderActor"), "parent");
    require_equal(one.register_ref, std::string("OrderActor"), "register_ref");
    return one.name;
  };
  require_equal(name_of("Place", field(3, "tag") + field(1, "first") + field(1, "o-7")),
                std::string("o-7"), "the last value of a text");
  require_equal(name_of("Count", field(1, 13)), std::string("-7"), "a signed number");
  require_equal(name_of("Count", ""), std::string("0"), "a number that is not said");
  require_equal(name_of("Weigh", std::string("\x0d\xff\xff\xff\xff", 5)), std::string("4294967295"),
                "a fixed number");
  const auto empty = client.unary("/shop.v1.order_actor/Place", field(2, 4));
  require_equal(empty.code, int{invalid}, "an instance without a name");
  require(empty.text.find("shop.v1.Order.id") != std::string::npos, empty.text);
  const auto broken = client.unary("/shop.v1.order_actor/Place", "\x0a\x7fx");
  require_equal(broken.code, int{invalid}, "bytes that are no message");
  require_equal(client.unary("/shop.v1.order_actor/Nameless", field(1, "x")).code, int{unknown},
                "an UNNAMED actor whose request has no actor_id");
  require_equal(kernel.count(), std::size_t{4}, "requests that reached the kernel");
  kernel.end();
}

void the_option_says_the_kind(const target& t) {
  actor_kernel kernel(t.entry, say_done);
  const caller client(kernel.port());
  (void)client.unary("/shop.v1.Desk/Named", field(1, "o-1"));
  require_equal(kernel.requests(1).back().name, std::string("Desk"), "a NAMED actor");
  (void)client.unary("/shop.v1.Counter/Add", field(1, "c-1"));
  require_equal(kernel.requests(2).back().name, std::string("c-1"), "no kind, with actor_id");
  (void)client.unary("/shop.v1.Counter/All", field(1, "c-1"));
  require_equal(kernel.requests(3).back().name, std::string("Counter"), "no kind, no actor_id");
  require_equal(client.unary("/shop.v1.Pool/Do", "").code, int{precondition}, "a POOLED actor");
  require_equal(client.unary("/shop.v1.Hidden/Secret", "").code, int{unimplemented},
                "a service without the option");
  require_equal(client.unary("/shop.v1.Desk/Nothing", "").code, int{unimplemented}, "no method");
  require_equal(kernel.count(), std::size_t{3}, "requests that reached the kernel");
  kernel.end();
}

void an_answer_is_what_the_method_returns(const target& t) {
  std::map<std::string, given> answers;
  answers["wrong type"] = reply("x");
  answers["wrong type"].type_url = "type.googleapis.com/shop.v1.Plain";
  answers["noop"].presence = SPAWN_P_NOOP;
  answers["noop of an SDK"].type_url = "type.googleapis.com/eigr.functions.protocol.Noop";
  answers["unset"].presence = SPAWN_P_UNSET;
  answers["other prefix"] = reply("fine");
  answers["other prefix"].type_url = "shop.example/shop.v1.Reply";
  actor_kernel kernel(
      t.entry, [&](const request& r) { return std::optional(answers.at(r.payload.substr(2))); });
  const caller client(kernel.port());
  const auto say = [&](const std::string& what, const char* method = "Say") {
    return client.unary(std::string("/shop.v1.Desk/") + method, field(1, what));
  };
  const auto wrong = say("wrong type");
  require_equal(wrong.code, int{unknown}, "an answer of another type");
  require_equal(wrong.text.find("Failed to invoke request for Actor Desk. Details: "),
                std::size_t{0}, wrong.text);
  require_equal(say("unset").code, int{unknown}, "no answer");
  require_equal(say("unset", "Drop").code, int{ok}, "no answer where Empty is returned");
  for (const char* what : {"noop", "noop of an SDK"}) {
    const auto got = say(what);
    require_equal(got.code, int{ok}, what);
    require_equal(got.message, std::string(), what);
  }
  require_equal(say("other prefix").message, field(1, "fine"), "only the full name counts");
  kernel.end();
}

void a_failure_has_its_status(const target& t) {
  const std::vector<std::pair<spawn_status, int>> all{
      {SPAWN_E_INVALID, invalid},        {SPAWN_E_NOT_FOUND, not_found},
      {SPAWN_E_CONFLICT, aborted},       {SPAWN_E_UNAVAILABLE, unavailable},
      {SPAWN_E_DEADLINE, deadline},      {SPAWN_E_EXHAUSTED, exhausted},
      {SPAWN_E_DENIED, denied},          {SPAWN_E_INTERNAL, unknown},
      {SPAWN_E_UNKNOWN_OUTCOME, unknown}};
  std::size_t next = 0;
  actor_kernel kernel(t.entry, [&](const request&) {
    given out;
    out.status = all[next].first;
    out.error = "the reason";
    out.with = {{"x-why", "because"}, {"Not Legal", "x"}, {"x-bad", "a\nb"}};
    return std::optional(out);
  });
  const caller client(kernel.port());
  for (next = 0; next < all.size(); ++next) {
    const auto got = client.unary("/shop.v1.Desk/Say", "");
    require_equal(got.code, all[next].second, "status of " + std::to_string(all[next].first));
    require_equal(got.text,
                  std::string("Failed to invoke request for Actor Desk. Details: the reason"),
                  "text");
    const contract::headers why{{"x-why", "because"}};
    require(got.trailing == why, "trailing metadata");
  }
  kernel.end();
}

void what_is_given_back_may_be_tried_again(const target& t) {
  std::uint32_t verdict = SPAWN_RETRY;
  actor_kernel kernel(t.entry, [&](const request&) {
    given out;
    out.verdict = verdict;
    out.status = verdict == SPAWN_DEAD ? SPAWN_E_CORRUPT : SPAWN_E_UNAVAILABLE;
    return std::optional(out);
  });
  const caller client(kernel.port());
  require_equal(client.unary("/shop.v1.Desk/Say", "").code, int{unavailable}, "RETRY");
  verdict = SPAWN_RELEASE;
  require_equal(client.unary("/shop.v1.Desk/Say", "").code, int{unavailable}, "RELEASE");
  verdict = SPAWN_DEAD;
  require_equal(client.unary("/shop.v1.Desk/Say", "").code, 15, "DEAD");
  kernel.end();
}

void a_full_window_refuses_at_once(const target& t) {
  actor_kernel kernel(t.entry, wait_for_test, {.window = 1});
  const caller client(kernel.port());
  const auto held = client.open("/shop.v1.Desk/Say");
  require(held->write(field(1, "first")), "write");
  const auto first = kernel.requests(1).front();
  require_equal(client.unary("/shop.v1.Desk/Say", "").code, int{exhausted}, "a full window");
  kernel.set_window(1, true);
  const auto serving = [&](int code) {
    for (int i = 0; i < 3'000; ++i) {
      if (client.unary("/shop.v1.Desk/Say", "").code == code) {
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw contract::failed{"a call never ends with " + std::to_string(code)};
  };
  serving(unavailable);
  kernel.answer(first.token, reply("held"));
  require_equal(held->read().value_or(""), field(1, "held"), "an answer while it is paused");
  require_equal(held->finish().code, int{ok}, "status");
  kernel.end();
}

void who_has_gone_needs_no_answer(const target& t) {
  actor_kernel kernel(t.entry, wait_for_test);
  const caller client(kernel.port());
  {
    const auto left = client.open("/shop.v1.Desk/Say");
    require(left->write(field(1, "left")), "write");
    (void)kernel.requests(1);
    left->cancel();
    require_equal(left->finish().code, int{cancelled}, "a call that was cancelled");
  }
  const auto late =
      client.unary("/shop.v1.Desk/Say", field(1, "late"), {}, std::chrono::milliseconds(300));
  require_equal(late.code, int{deadline}, "a call whose time is over");
  for (const request& one : kernel.requests(2)) {
    kernel.answer(one.token, reply("too late"));
  }
  kernel.end();
}

void a_conversation_keeps_its_order(const target& t) {
  // Answered in pairs, the second first: the client sees them in its own order all the same.
  std::optional<std::uint64_t> waits;
  actor_kernel* self = nullptr;
  actor_kernel kernel(t.entry, [&](const request& r) -> std::optional<given> {
    if (!waits) {
      waits = r.token;
      return std::nullopt;
    }
    self->answer(*waits, reply("odd"));
    waits.reset();
    return reply("even");
  });
  self = &kernel;
  const caller client(kernel.port());
  const auto talk = client.open("/shop.v1.Desk/Talk");
  for (int i = 0; i < 10; ++i) {
    require(talk->write(field(1, std::to_string(i))), "write");
    if (i % 2 == 1) {
      require_equal(talk->read().value_or(""), field(1, "odd"), "first of a pair");
      require_equal(talk->read().value_or(""), field(1, "even"), "second of a pair");
    }
  }
  talk->half_close();
  require(!talk->read().has_value(), "an answer too many");
  require_equal(talk->finish().code, int{ok}, "status");
  const auto all = kernel.requests(10);
  for (std::size_t i = 0; i < all.size(); ++i) {
    require_equal(all[i].payload, field(1, std::to_string(i)), "order of the requests");
    require(!all[i].order_key.empty() && all[i].order_key == all[0].order_key, "order_key");
  }
  const auto other = client.open("/shop.v1.Desk/Talk");
  require(other->write(""), "write");
  require(kernel.requests(11).back().order_key != all[0].order_key, "two streams, one order_key");
  kernel.end();
}

void a_stream_is_held_up_at_its_window(const target& t) {
  actor_kernel kernel(t.entry, wait_for_test, {.more = R"(, "stream_window": 3)"});
  const caller client(kernel.port());
  const auto talk = client.open("/shop.v1.Desk/Talk");
  for (int i = 0; i < 8; ++i) {
    require(talk->write(field(1, std::to_string(i))), "write");
  }
  const auto first = kernel.requests(3);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  require_equal(kernel.count(), std::size_t{3}, "requests beyond the window of a stream");
  kernel.answer(first[0].token, reply("0"));
  require_equal(talk->read().value_or(""), field(1, "0"), "answer");
  (void)kernel.requests(4);
  kernel.end();
}

void a_failure_ends_a_conversation(const target& t) {
  actor_kernel kernel(t.entry, [](const request& r) {
    given out = reply("fine");
    if (r.payload == field(1, "bad")) {
      out.status = SPAWN_E_DENIED;
      out.error = "no";
    }
    return std::optional(out);
  });
  const caller client(kernel.port());
  const auto talk = client.open("/shop.v1.Desk/Talk");
  require(talk->write(field(1, "good")) && talk->write(field(1, "bad")), "write");
  require_equal(talk->read().value_or(""), field(1, "fine"), "the answer before the failure");
  require(!talk->read().has_value(), "an answer after the failure");
  require_equal(talk->finish().code, int{denied}, "status");
  kernel.end();
}

void a_stream_in_is_answered_by_its_last(const target& t) {
  int sum = 0;
  actor_kernel kernel(t.entry, [&](const request& r) {
    sum += std::stoi(r.payload.substr(2));
    return std::optional(reply(std::to_string(sum)));
  });
  const caller client(kernel.port());
  const auto up = client.open("/shop.v1.Desk/Sum");
  for (int i = 1; i <= 40; ++i) {
    require(up->write(field(1, std::to_string(i))), "write");
  }
  up->half_close();
  require_equal(up->read().value_or(""), field(1, "820"), "the sum");
  require(!up->read().has_value(), "one answer");
  require_equal(up->finish().code, int{ok}, "status");
  const auto empty = client.open("/shop.v1.Desk/Sum");
  empty->half_close();
  require(!empty->read().has_value(), "an answer to nothing");
  require_equal(empty->finish().code, int{invalid}, "a stream without a message");
  kernel.end();
}

void a_stream_out_has_the_one_answer(const target& t) {
  actor_kernel kernel(t.entry, say_done);
  const caller client(kernel.port());
  const auto list = client.open("/shop.v1.Desk/List");
  require(list->write(field(1, "x")), "write");
  list->half_close();
  require_equal(list->read().value_or(""), field(1, "done"), "the answer");
  require(!list->read().has_value(), "one answer");
  require_equal(list->finish().code, int{ok}, "status");
  kernel.end();
}

void one_call_too_many(const target& t) {
  actor_kernel kernel(t.entry, wait_for_test, {.more = R"(, "max_calls": 2, "threads": 1)"});
  const caller client(kernel.port());
  const auto first = client.open("/shop.v1.Desk/Talk");
  const auto second = client.open("/shop.v1.Desk/Talk");
  require(first->write("") && second->write(""), "write");
  (void)kernel.requests(2);
  const auto third = client.unary("/shop.v1.Desk/Say", "");
  require_equal(third.code, int{exhausted}, "one call too many");
  require(third.text.find("calls") != std::string::npos, third.text);
  kernel.end();
}

void a_request_may_be_as_long_as_it_says(const target& t) {
  actor_kernel kernel(t.entry, say_done, {.more = R"(, "max_message_bytes": 2048)"});
  const caller client(kernel.port());
  const std::string fits = field(1, std::string(2'045, 'x'));
  require_equal(fits.size(), std::size_t{2'048}, "the test's message");
  require_equal(client.unary("/shop.v1.Desk/Say", fits).code, int{ok}, "at the limit");
  require_equal(client.unary("/shop.v1.Desk/Say", fits + field(1, "")).code, int{exhausted},
                "above the limit");
  kernel.end();
}

void an_end_tells_who_waits(const target& t) {
  actor_kernel kernel(t.entry, wait_for_test);
  const caller client(kernel.port());
  const auto held = client.open("/shop.v1.Desk/Say");
  require(held->write(""), "write");
  (void)kernel.requests(1);
  kernel.end();
  require_equal(held->finish().code, int{unavailable}, "a call that waited at the end");
}

}  // namespace

std::vector<contract::check> calls_checks() {
  return {{"calls.a_request_reaches_its_actor", a_request_reaches_its_actor},
          {"calls.an_instance_is_named_by_its_field", an_instance_is_named_by_its_field},
          {"calls.the_option_says_the_kind", the_option_says_the_kind},
          {"calls.an_answer_is_what_the_method_returns", an_answer_is_what_the_method_returns},
          {"calls.a_failure_has_its_status", a_failure_has_its_status},
          {"calls.what_is_given_back_may_be_tried_again", what_is_given_back_may_be_tried_again},
          {"calls.a_full_window_refuses_at_once", a_full_window_refuses_at_once},
          {"calls.who_has_gone_needs_no_answer", who_has_gone_needs_no_answer},
          {"calls.a_conversation_keeps_its_order", a_conversation_keeps_its_order},
          {"calls.a_stream_is_held_up_at_its_window", a_stream_is_held_up_at_its_window},
          {"calls.a_failure_ends_a_conversation", a_failure_ends_a_conversation},
          {"calls.a_stream_in_is_answered_by_its_last", a_stream_in_is_answered_by_its_last},
          {"calls.a_stream_out_has_the_one_answer", a_stream_out_has_the_one_answer},
          {"calls.one_call_too_many", one_call_too_many},
          {"calls.a_request_may_be_as_long_as_it_says", a_request_may_be_as_long_as_it_says},
          {"calls.an_end_tells_who_waits", an_end_tells_who_waits}};
}

}  // namespace grpc_test
