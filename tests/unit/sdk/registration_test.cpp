#include <atomic>

#include "host_fixture.hpp"

namespace spawn::sdk::test {
namespace {

using namespace std::chrono_literals;

host_options quiet(std::uint16_t kernel_port) {
  host_options options;
  options.port = 0;
  options.threads = 1;
  options.kernel = {"127.0.0.1", kernel_port};
  options.retry_first = 5ms;
  options.retry_max = 20ms;
  options.log = [](std::string_view) {};
  return options;
}

wire::RegistrationRequest registered_by(fake_kernel& kernel) {
  wire::RegistrationRequest request;
  EXPECT_TRUE(request.ParseFromString(kernel.wait_requests(1).at(0).body));
  return request;
}

TEST(sdk_registration, says_what_was_declared) {
  fake_kernel kernel;
  host app("s", quiet(kernel.port()));
  counter::CounterState seven;
  seven.set_value(7);
  app.actor<counter::CounterState>("counter")
      .idle_timeout(30s)
      .snapshot_every(10s)
      .tags({{"t", "1"}})
      .channel("news")
      .channel("alarms", "ring")
      .initial_state(seven)
      .action("init", [](auto&) {})
      .action<json>("Add", [](auto&, const json&) {})
      .action("Add", [](auto&) {})
      .timer("Tick", 500ms, [](auto&) {});
  app.unnamed("Account");
  app.pooled("Workers").pool_size(2, 8);
  app.start();
  ASSERT_TRUE(app.wait_registered(10s));
  const auto request = registered_by(kernel);
  EXPECT_EQ(request.actor_system().name(), "s");
  EXPECT_EQ(request.service_info().support_library_name(), "spawn-cpp-sdk");
  const auto& actors = request.actor_system().registry().actors();
  ASSERT_EQ(actors.size(), 3U);
  const auto& counter = actors.at("counter");
  EXPECT_EQ(counter.id().name(), "counter");
  EXPECT_EQ(counter.id().system(), "s");
  EXPECT_EQ(counter.id().parent(), "");
  EXPECT_EQ(counter.settings().kind(), wire::actors::NAMED);
  EXPECT_TRUE(counter.settings().stateful());
  EXPECT_EQ(counter.settings().deactivation_strategy().timeout().timeout(), 30'000);
  EXPECT_EQ(counter.settings().snapshot_strategy().timeout().timeout(), 10'000);
  EXPECT_EQ(counter.state().tags().at("t"), "1");
  EXPECT_EQ(counter.state().state().type_url(), "type.googleapis.com/counter.CounterState");
  EXPECT_EQ(counter.state().state().value(), seven.SerializeAsString());
  ASSERT_EQ(counter.actions_size(), 2);
  EXPECT_EQ(counter.actions(0).name(), "init");
  EXPECT_EQ(counter.actions(1).name(), "Add");
  ASSERT_EQ(counter.timer_actions_size(), 1);
  EXPECT_EQ(counter.timer_actions(0).seconds(), 500);
  EXPECT_EQ(counter.timer_actions(0).action().name(), "Tick");
  ASSERT_EQ(counter.metadata().channel_group_size(), 2);
  EXPECT_EQ(counter.metadata().channel_group(0).action(), "");
  EXPECT_EQ(counter.metadata().channel_group(1).action(), "ring");
  const auto& account = actors.at("Account");
  EXPECT_EQ(account.settings().kind(), wire::actors::UNNAMED);
  EXPECT_TRUE(account.has_state());  // present even when empty
  EXPECT_TRUE(account.has_metadata());
  EXPECT_FALSE(account.settings().has_deactivation_strategy());
  const auto& workers = actors.at("Workers");
  EXPECT_EQ(workers.settings().kind(), wire::actors::POOLED);
  EXPECT_FALSE(workers.settings().stateful());
  EXPECT_EQ(workers.settings().max_pool_size(), 8);
}

TEST(sdk_registration, the_host_listens_before_it_registers) {
  raw_answer during;
  auto options = quiet(0);
  host* called = nullptr;
  fake_kernel kernel(0, [&](const seen_request& request) {
    wire::ActorInvocation in;
    in.mutable_actor()->set_name("a");
    in.set_action_name("init");
    during = raw_connection(called->port()).post(in.SerializeAsString());
    return fake_kernel::accept(request);
  });
  options.kernel.port = kernel.port();
  host app("s", options);
  called = &app;
  app.actor("a").action("init", [](context<>&) {});
  app.start();
  EXPECT_TRUE(app.wait_registered(10s));
  EXPECT_EQ(during.status, 200);
  EXPECT_EQ(kernel.wait_requests(1).at(0).spawn_host, "127.0.0.1:" + std::to_string(app.port()));
}

TEST(sdk_registration, goes_on_until_the_kernel_is_there) {
  const auto port = free_port();
  std::atomic<int> lines{0};
  std::atomic<int> registered{0};
  auto options = quiet(port);
  options.log = [&](std::string_view) { ++lines; };
  options.on_registered = [&] { ++registered; };
  host app("s", options);
  app.start();
  EXPECT_FALSE(app.wait_registered(100ms));
  EXPECT_EQ(lines, 1);  // the same reason is said once
  fake_kernel kernel(port);
  EXPECT_TRUE(app.wait_registered(10s));
  app.stop();
  app.wait();
  EXPECT_EQ(registered, 1);
}

TEST(sdk_registration, goes_on_when_the_kernel_refuses) {
  std::atomic<int> asked{0};
  fake_kernel kernel(0, [&](const seen_request& request) {
    return ++asked < 3 ? raw_answer{500, from_hex("0a0408031200")} : fake_kernel::accept(request);
  });
  host app("s", quiet(kernel.port()));
  app.start();
  EXPECT_TRUE(app.wait_registered(10s));
  EXPECT_EQ(asked, 3);
}

TEST(sdk_registration, stop_ends_it) {
  // A kernel that takes the connection and never answers.
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor mute(io,
                                      {boost::asio::ip::address_v4::loopback(), std::uint16_t{0}});
  host app("s", quiet(mute.local_endpoint().port()));
  app.start();
  auto taken = mute.accept();
  const auto begin = std::chrono::steady_clock::now();
  app.stop();
  app.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_FALSE(app.registered());
}

TEST(sdk_host, a_port_that_is_taken_is_an_error_with_its_number) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor taken(io,
                                       {boost::asio::ip::address_v4::loopback(), std::uint16_t{0}});
  auto options = quiet(1);
  options.port = taken.local_endpoint().port();
  host app("s", options);
  try {
    app.start();
    FAIL() << "it started";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find(std::to_string(options.port)), std::string::npos);
  }
}

TEST(sdk_host, a_port_in_the_environment_has_to_be_one) {
  ::setenv("USER_FUNCTION_PORT", "many", 1);
  EXPECT_THROW(host_options(), std::invalid_argument);
  ::setenv("USER_FUNCTION_PORT", "8123", 1);
  EXPECT_EQ(host_options().port, 8123);
  ::unsetenv("USER_FUNCTION_PORT");
}

}  // namespace
}  // namespace spawn::sdk::test
