// A host on a free port, without a kernel: tests call it as the kernel would.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "counter.pb.h"
#include "fake_kernel.hpp"
#include "spawn/sdk/sdk.hpp"
#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::test {

class host_fixture : public ::testing::Test {
 protected:
  using counter_context = context<counter::CounterState>;

  host_fixture() {
    options_.port = 0;
    options_.threads = 2;
    options_.kernel = {"127.0.0.1", free_port()};
    options_.log = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      log_ += std::string(line) + "\n";
    };
    app_ = std::make_unique<host>("s", options_);
  }

  // Starts at the first call.
  raw_connection& wire() {
    if (!wire_) {
      app_->start();
      wire_ = std::make_unique<raw_connection>(app_->port());
    }
    return *wire_;
  }

  static wire::ActorInvocation invocation(const std::string& name, const std::string& action) {
    wire::ActorInvocation in;
    in.mutable_actor()->set_name(name);
    in.mutable_actor()->set_system("s");
    in.set_action_name(action);
    in.mutable_current_context();
    return in;
  }

  template <class T>
  static void put(wire::Any& any, const T& value) {
    codec<T>::encode(value, *any.mutable_type_url(), *any.mutable_value());
  }

  static counter::CounterState counter_of(std::int64_t value) {
    counter::CounterState state;
    state.set_value(value);
    return state;
  }

  template <class T>
  static T read(const wire::Any& any) {
    T value{};
    EXPECT_TRUE(same_type(any.type_url(), codec<T>::type_name())) << any.type_url();
    EXPECT_TRUE(codec<T>::decode(any.type_url(), any.value(), value));
    return value;
  }

  // The answer of an action that is to succeed.
  wire::ActorInvocationResponse call(const wire::ActorInvocation& in) {
    const auto answer = wire().post(in.SerializeAsString());
    EXPECT_EQ(answer.status, 200) << logged();
    wire::ActorInvocationResponse out;
    EXPECT_TRUE(out.ParseFromString(answer.body));
    EXPECT_TRUE(out.has_updated_context());
    return out;
  }

  std::string logged() {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  std::mutex mutex_;
  std::string log_;  // guarded by mutex_
  host_options options_;
  std::unique_ptr<host> app_;
  std::unique_ptr<raw_connection> wire_;
};

}  // namespace spawn::sdk::test
