#include "contract/activator/nats_driver.hpp"

#include <cstdlib>

#include "contract/common/check.hpp"

namespace contract {

namespace {

constexpr std::int64_t wait_ms = 10'000;

void must(natsStatus status, const std::string& what) {
  if (status != NATS_OK) {
    throw failed{"the driver can not " + what + ": " + natsStatus_GetText(status)};
  }
}

using message_ptr = std::unique_ptr<natsMsg, decltype(&natsMsg_Destroy)>;

message_ptr message_of(const std::string& subject, const letter& one) {
  natsMsg* raw = nullptr;
  must(natsMsg_Create(&raw, subject.c_str(), nullptr, one.body.data(),
                      static_cast<int>(one.body.size())),
       "make a message");
  message_ptr out(raw, &natsMsg_Destroy);
  const auto set = [raw](const char* name, const std::string& value) {
    if (!value.empty()) {
      must(natsMsgHeader_Set(raw, name, value.c_str()), "set a header");
    }
  };
  set("Nats-Msg-Id", one.id);
  set("Content-Type", one.content_type);
  for (const auto& [name, value] : one.with) {
    set(name.c_str(), value);
  }
  return out;
}

letter letter_of(natsMsg* m) {
  letter out;
  out.body.assign(natsMsg_GetData(m), static_cast<std::size_t>(natsMsg_GetDataLength(m)));
  const char** names = nullptr;
  int n = 0;
  if (natsMsgHeader_Keys(m, &names, &n) == NATS_OK) {
    for (int i = 0; i < n; ++i) {
      const char* value = nullptr;
      if (natsMsgHeader_Get(m, names[i], &value) == NATS_OK && value != nullptr) {
        out.with.emplace_back(names[i], value);
      }
    }
    std::free(static_cast<void*>(const_cast<char**>(names)));
  }
  for (const auto& [name, value] : out.with) {
    if (name == "Nats-Msg-Id") {
      out.id = value;
    } else if (name == "Content-Type") {
      out.content_type = value;
    } else if (name == "spawn-key") {
      out.key = value;
    }
  }
  return out;
}

}  // namespace

nats_driver::nats_driver(const std::string& url) {
  must(natsConnection_ConnectTo(&connection_, url.c_str()), "connect");
  must(natsConnection_JetStream(&js_, connection_, nullptr), "use JetStream");
}

nats_driver::~nats_driver() {
  jsCtx_Destroy(js_);
  natsConnection_Destroy(connection_);
}

void nats_driver::make_stream(const std::string& name, const std::string& subject) {
  jsStreamConfig config;
  must(jsStreamConfig_Init(&config), "make a stream");
  const char* one = subject.c_str();
  config.Name = name.c_str();
  config.Subjects = &one;
  config.SubjectsLen = 1;
  config.Storage = js_MemoryStorage;
  must(js_AddStream(nullptr, js_, &config, nullptr, nullptr), "make a stream");
}

void nats_driver::delete_stream(const std::string& name) {
  must(js_DeleteStream(js_, name.c_str(), nullptr, nullptr), "delete a stream");
}

void nats_driver::publish(const std::string& subject, const letter& one) {
  publish({{subject, one}});
}

void nats_driver::publish(const std::vector<std::pair<std::string, letter>>& all) {
  for (const auto& [subject, one] : all) {
    natsMsg* m = message_of(subject, one).release();
    const natsStatus status = js_PublishMsgAsync(js_, &m, nullptr);
    natsMsg_Destroy(m);  // taken, and then null, if all was well
    must(status, "publish to " + subject);
  }
  jsPubOptions patience;
  must(jsPubOptions_Init(&patience), "publish");
  patience.MaxWait = wait_ms;
  must(js_PublishAsyncComplete(js_, &patience), "publish");
}

void nats_driver::publish_plain(const std::string& subject, const letter& one) {
  const message_ptr m = message_of(subject, one);
  must(natsConnection_PublishMsg(connection_, m.get()), "publish");
  must(natsConnection_FlushTimeout(connection_, wait_ms), "publish");
}

std::vector<letter> nats_driver::messages(const std::string& stream) {
  jsStreamInfo* raw = nullptr;
  must(js_GetStreamInfo(&raw, js_, stream.c_str(), nullptr, nullptr), "look at " + stream);
  const std::unique_ptr<jsStreamInfo, decltype(&jsStreamInfo_Destroy)> info(raw,
                                                                            &jsStreamInfo_Destroy);
  std::vector<letter> out;
  if (info->State.Msgs == 0) {
    return out;
  }
  for (std::uint64_t seq = info->State.FirstSeq; seq <= info->State.LastSeq; ++seq) {
    natsMsg* m = nullptr;
    must(js_GetMsg(&m, js_, stream.c_str(), seq, nullptr, nullptr), "read " + stream);
    const message_ptr held(m, &natsMsg_Destroy);
    out.push_back(letter_of(m));
  }
  return out;
}

std::uint64_t nats_driver::waiting(const std::string& stream, const std::string& consumer) {
  jsConsumerInfo* raw = nullptr;
  const natsStatus status =
      js_GetConsumerInfo(&raw, js_, stream.c_str(), consumer.c_str(), nullptr, nullptr);
  if (status == NATS_NOT_FOUND) {
    return messages(stream).size();
  }
  must(status, "look at " + consumer);
  const std::unique_ptr<jsConsumerInfo, decltype(&jsConsumerInfo_Destroy)> info(
      raw, &jsConsumerInfo_Destroy);
  return info->NumPending + static_cast<std::uint64_t>(info->NumAckPending);
}

nats_driver::heard nats_driver::request(const std::string& subject, const letter& one,
                                        int request_ms) {
  const message_ptr m = message_of(subject, one);
  natsMsg* raw = nullptr;
  const natsStatus status = natsConnection_RequestMsg(&raw, connection_, m.get(), request_ms);
  heard out;
  out.nobody = status == NATS_NO_RESPONDERS;
  if (!out.nobody) {
    must(status, "get an answer from " + subject);
    const message_ptr held(raw, &natsMsg_Destroy);
    out.message = letter_of(raw);
  }
  return out;
}

nats_driver::listener nats_driver::listen(const std::string& subject) {
  natsSubscription* raw = nullptr;
  must(natsConnection_SubscribeSync(&raw, connection_, subject.c_str()), "subscribe");
  must(natsConnection_FlushTimeout(connection_, wait_ms), "subscribe");
  return listener(raw);
}

letter nats_driver::listener::next() {
  natsMsg* raw = nullptr;
  must(natsSubscription_NextMsg(&raw, raw_.get(), wait_ms), "hear a message");
  const message_ptr held(raw, &natsMsg_Destroy);
  return letter_of(raw);
}

}  // namespace contract
