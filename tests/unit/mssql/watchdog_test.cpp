// A call that waits for a server for ever is ended, and only that one's connection is cut.
#include "mssql/watchdog.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "spawn/plugin/testing/fake_host.hpp"

namespace mssql_store {
namespace {

using namespace std::chrono_literals;
using spawn::plugin::host_ref;
using spawn::plugin::testing::fake_host;

// A server that takes connections and says nothing.
struct Silent : testing::Test {
  Silent() {
    listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof(at));
    ::listen(listener, 8);
    socklen_t size = sizeof(at);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
  }
  ~Silent() override { ::close(listener); }

  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof(at)), 0);
    return fd;
  }
  // 0 once the connection is cut; -1 while nothing comes.
  static ssize_t heard(int fd, int flags = 0) {
    char byte = 0;
    return ::recv(fd, &byte, 1, flags);
  }

  int listener = -1;
  std::uint32_t port = 0;
  fake_host host;
};

TEST_F(Silent, ACallIsEndedAtItsDeadline) {
  watchdog dog{host_ref(host.table())};
  watchdog::watched one(dog);
  const socket_names before = sockets_now();
  const int fd = connect();
  auto found = connections_since(before, port);
  ASSERT_EQ(found.size(), 1u);
  one.hold(std::move(found.front()));
  one.begin(host.clock.now_ns() + 1'000'000);
  std::thread later([&] {
    std::this_thread::sleep_for(20ms);
    host.clock.advance(2ms);
  });
  EXPECT_EQ(heard(fd), 0);
  EXPECT_TRUE(one.end());
  later.join();
  ::close(fd);
}

TEST_F(Silent, ACallInTimeIsLeftAlone) {
  watchdog dog{host_ref(host.table())};
  watchdog::watched one(dog);
  const socket_names before = sockets_now();
  const int fd = connect();
  one.hold(std::move(connections_since(before, port).front()));
  one.begin(host.clock.now_ns() + 1'000'000'000);
  EXPECT_FALSE(one.end());
  host.clock.advance(2s);  // between calls no time counts
  one.begin(host.clock.now_ns() + 1'000'000'000);
  std::this_thread::sleep_for(20ms);
  EXPECT_FALSE(one.end());
  EXPECT_EQ(heard(fd, MSG_DONTWAIT), -1);
  ::close(fd);
}

TEST_F(Silent, AConnectionThatIsStillBeingMadeIsFoundByItsPort) {
  watchdog dog{host_ref(host.table())};
  watchdog::watched one(dog);
  const socket_names before = sockets_now();
  one.expect(before, port);
  const int fd = connect();
  one.begin(host.clock.now_ns());
  EXPECT_EQ(heard(fd), 0);
  EXPECT_TRUE(one.end());
  ::close(fd);
}

TEST_F(Silent, OfSeveralConnectionsTheOneThatAnswersIsTaken) {
  const socket_names before = sockets_now();
  const int mine = connect();
  const int there = ::accept(listener, nullptr, nullptr);
  const int other = connect();
  auto found = connections_since(before, port);
  ASSERT_EQ(found.size(), 2u);
  const held_socket one = the_one_that_answers(std::move(found), [&] {
    EXPECT_EQ(::send(there, "x", 1, 0), 1);
    EXPECT_EQ(heard(mine), 1);
  });
  ASSERT_TRUE(one.is_held());
  one.cut();
  EXPECT_EQ(heard(mine), 0);
  EXPECT_EQ(heard(other, MSG_DONTWAIT), -1);
  for (const int fd : {mine, there, other}) {
    ::close(fd);
  }
}

TEST_F(Silent, WhatCanNotBeToldApartIsNotCut) {
  const socket_names before = sockets_now();
  const int a = connect(), b = connect();
  EXPECT_FALSE(the_one_that_answers(connections_since(before, port), [] {}).is_held());
  ::close(a);
  ::close(b);
}

}  // namespace
}  // namespace mssql_store
