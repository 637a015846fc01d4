#include "consumer_setup.hpp"

namespace nats_source {

using nats_common::answer;
using nats_common::api_answer;
using nlohmann::json;

namespace {

constexpr std::uint64_t ms_ns = 1'000'000;
constexpr std::uint64_t answer_ns = 5'000 * ms_ns;
constexpr std::uint64_t again_after_ns = 1'000 * ms_ns;

std::string stream_config(const settings& s) {
  const stream_settings& c = s.create_stream;
  return json{{"name", s.stream},
              {"subjects", c.subjects},
              {"retention", c.retention},
              {"storage", c.storage},
              {"num_replicas", c.replicas},
              {"max_age", c.max_age_ms * ms_ns},
              {"max_bytes", c.max_bytes == 0 ? json(-1) : json(c.max_bytes)},
              {"max_msgs", -1},
              {"max_consumers", -1},
              {"max_msg_size", -1},
              {"discard", c.max_bytes == 0 ? "old" : "new"},
              {"duplicate_window", c.duplicate_window_ms * ms_ns}}
      .dump();
}

std::string consumer_config(const settings& s) {
  json config{{"durable_name", s.consumer},   {"deliver_policy", s.deliver},
              {"ack_policy", "explicit"},     {"ack_wait", s.ack_wait_ms * ms_ns},
              {"max_deliver", s.max_deliver}, {"max_ack_pending", s.max_ack_pending},
              {"replay_policy", "instant"}};
  if (!s.filter.empty()) {
    config["filter_subject"] = s.filter;
  }
  return json{{"stream_name", s.stream}, {"config", config}}.dump();
}

}  // namespace

void consumer_setup::begin() {
  ++epoch_;
  settings_.create_stream.subjects.empty() ? make_consumer() : make_stream();
}

void consumer_setup::end() {
  ++epoch_;
  state_ = state::idle;
}

void consumer_setup::step() {
  if (state_ == state::waiting && session_.host().now_ns() >= again_ns_) {
    begin();
  }
}

void consumer_setup::request(const std::string& subject, const std::string& payload, next then) {
  state_ = state::asking;
  nats_common::outgoing m;
  m.subject = subject;
  m.payload = payload;
  session_.ask(std::move(m), session_.host().now_ns() + answer_ns,
               [this, epoch = epoch_, then](answer a) {
                 if (epoch == epoch_) {
                   (this->*then)(nats_common::read_api_answer(std::move(a)));
                 }
               });
}

void consumer_setup::make_stream() {
  request("$JS.API.STREAM.CREATE." + settings_.stream, stream_config(settings_),
          &consumer_setup::stream_made);
}

void consumer_setup::stream_made(const api_answer& a) {
  // One that is there with other settings stays as it is.
  if (a.ok() || a.err_code == nats_common::js_stream_name_in_use) {
    return make_consumer();
  }
  later("stream " + settings_.stream + " can not be made: " + nats_common::why_of(a));
}

void consumer_setup::make_consumer() {
  // Asked for first: what is there is used as it is.
  request("$JS.API.CONSUMER.INFO." + settings_.stream + "." + settings_.consumer, {},
          &consumer_setup::consumer_known);
}

void consumer_setup::consumer_known(const api_answer& a) {
  if (a.err_code == nats_common::js_consumer_not_found && settings_.create_consumer) {
    return request("$JS.API.CONSUMER.DURABLE.CREATE." + settings_.stream + "." + settings_.consumer,
                   consumer_config(settings_), &consumer_setup::consumer_made);
  }
  consumer_made(a);
}

void consumer_setup::consumer_made(const api_answer& a) {
  if (!a.ok()) {
    return later("consumer " + settings_.consumer + " of stream " + settings_.stream + ": " +
                 nats_common::why_of(a));
  }
  const auto config = a.body.find("config");
  if (config == a.body.end() || config->value("ack_policy", std::string()) != "explicit" ||
      config->contains("deliver_subject")) {
    return later("consumer " + settings_.consumer + " is not a pull consumer with ack_policy " +
                 "explicit");
  }
  ack_wait_ns_ = config->value("ack_wait", settings_.ack_wait_ms * ms_ns);
  state_ = state::ready;
  session_.serving(true);
}

void consumer_setup::later(const std::string& why) {
  state_ = state::waiting;
  again_ns_ = session_.host().now_ns() + again_after_ns;
  session_.serving(false, why);
}

}  // namespace nats_source
