#include "outgoing.hpp"

#include <gtest/gtest.h>

#include "parsed.hpp"
#include "sent_op.hpp"

namespace {

using rabbitmq::address;
using rabbitmq::address_of;
using rabbitmq::parsed;
using rabbitmq::refuses;
using rabbitmq::sent_op;

class outgoing_messages : public testing::Test {
 protected:
  std::string where(const std::string& destination, const std::string& key) {
    const address to = address_of(destination, key, how_.sink);
    return to.exchange + "|" + to.routing_key;
  }
  // The status it is refused with, OK if it is not.
  spawn_status refused(sent_op& op, const address& to) {
    const auto why = refuses(op.raw, to, how_);
    op.right().end(SPAWN_OK);
    return why ? why->status : SPAWN_OK;
  }

  spawn::plugin::testing::fake_host host_;
  rabbitmq::settings how_ =
      parsed(R"({"sink": {"exchange": "usual", "routing_key": "rest", "max_message_bytes": 10}})");
};

TEST_F(outgoing_messages, a_destination_is_an_exchange_and_perhaps_a_routing_key) {
  EXPECT_EQ(where("events", "key"), "events|key");
  EXPECT_EQ(where("events", ""), "events|rest");
  EXPECT_EQ(where("events/a.b", "key"), "events|a.b");
  EXPECT_EQ(where("events/a/b", "key"), "events|a/b");
  EXPECT_EQ(where("events/", "key"), "events|");
  EXPECT_EQ(where("/queue", "key"), "|queue");
  EXPECT_EQ(where("", "key"), "usual|key");
  EXPECT_EQ(where("", ""), "usual|rest");
}

TEST_F(outgoing_messages, what_is_at_a_limit_goes_and_one_beyond_does_not) {
  sent_op fits(host_, std::string(255, 'i'), std::string(10, 'x'));
  EXPECT_EQ(refused(fits, {std::string(255, 'e'), std::string(255, 'k')}), SPAWN_OK);
  sent_op large(host_, "i", std::string(11, 'x'));
  EXPECT_EQ(refused(large, {"e", "k"}), SPAWN_E_TOO_LARGE);
  sent_op long_id(host_, std::string(256, 'i'));
  EXPECT_EQ(refused(long_id, {"e", "k"}), SPAWN_E_INVALID);
  sent_op long_key(host_, "i");
  EXPECT_EQ(refused(long_key, {"e", std::string(256, 'k')}), SPAWN_E_INVALID);
}

TEST_F(outgoing_messages, headers_have_a_limit_and_two_names_are_taken) {
  const std::string fits(24'576 - 3 - 6, 'v'), beyond(24'576 - 3 - 5, 'v');
  for (const auto& [name, value, status] : {std::tuple{"abc", &fits, SPAWN_OK},
                                            {"abc", &beyond, SPAWN_E_TOO_LARGE},
                                            {"CC", &fits, SPAWN_E_INVALID},
                                            {"BCC", &fits, SPAWN_E_INVALID}}) {
    sent_op op(host_, "i");
    const spawn_kv header{spawn::plugin::slice(std::string_view(name)),
                          spawn::plugin::slice(*value)};
    op.raw.headers = &header;
    op.raw.n_headers = 1;
    EXPECT_EQ(refused(op, {"e", "k"}), status) << name << " " << value->size();
  }
}

TEST_F(outgoing_messages, without_any_destination_it_is_invalid) {
  how_ = parsed(R"({"sink": {}})");
  sent_op op(host_, "i");
  EXPECT_EQ(refused(op, address_of("", "key", how_.sink)), SPAWN_E_INVALID);
}

}  // namespace
