// nats.c: a durable pull consumer, fetched a window at a time, each message acknowledged.
#include <nats/nats.h>

#include <memory>
#include <stdexcept>

#include "broker.hpp"

namespace spawn::bench {

namespace {

constexpr std::int64_t patience_ms = patience_s * 1'000;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* one) const noexcept {
    Free(one);
  }
};

void must(natsStatus status, const char* what) {
  if (status != NATS_OK) {
    throw std::runtime_error(std::string(what) + ": " + natsStatus_GetText(status));
  }
}

class nats final : public broker {
 public:
  explicit nats(const std::string& at) {
    natsConnection* link = nullptr;
    must(natsConnection_ConnectTo(&link, at.c_str()), "connecting");
    link_.reset(link);
    jsCtx* stream = nullptr;
    must(natsConnection_JetStream(&stream, link, nullptr), "JetStream");
    stream_.reset(stream);
  }

  void make(const std::string& queue) override {
    jsStreamConfig wanted;
    must(jsStreamConfig_Init(&wanted), "a stream");
    const std::string subjects = queue + ".*";
    const char* const subject = subjects.c_str();
    wanted.Name = queue.c_str();
    wanted.Subjects = const_cast<const char**>(&subject);
    wanted.SubjectsLen = 1;
    wanted.Retention = js_WorkQueuePolicy;
    must(js_AddStream(nullptr, stream_.get(), &wanted, nullptr, nullptr), "making a stream");
  }

  void publish(const std::string& queue, std::span<const letter> letters) override {
    for (const letter& one : letters) {
      must(js_PublishAsync(stream_.get(), (queue + "." + one.key).c_str(), one.body.data(),
                           static_cast<int>(one.body.size()), nullptr),
           "publishing");
    }
    jsPubOptions limit;
    must(jsPubOptions_Init(&limit), "publishing");
    limit.MaxWait = patience_ms;
    must(js_PublishAsyncComplete(stream_.get(), &limit), "waiting for confirms");
    natsMsgList refused{};
    must(js_PublishAsyncGetPendingList(&refused, stream_.get()) == NATS_NOT_FOUND ? NATS_OK
                                                                                  : NATS_ERR,
         "a message was not confirmed");
  }

  void consume(const std::string& queue, std::uint64_t messages, std::uint32_t window,
               handler& work, stopwatch& watch) override {
    natsSubscription* made = nullptr;
    must(js_PullSubscribe(&made, stream_.get(), (queue + ".*").c_str(), "bare", nullptr, nullptr,
                          nullptr),
         "subscribing");
    const std::unique_ptr<natsSubscription, freed_by<natsSubscription_Destroy>> from(made);
    for (std::uint64_t n = 0; n < messages;) {
      natsMsgList some{};
      must(natsSubscription_Fetch(&some, made, static_cast<int>(window), patience_ms, nullptr),
           "fetching");
      const std::unique_ptr<natsMsgList, freed_by<natsMsgList_Destroy>> held(&some);
      watch.first();
      for (int i = 0; i < some.Count; ++i) {
        natsMsg* const one = some.Msgs[i];
        // The reply subject has the stream's sequence in it.
        work.take(natsMsg_GetReply(one),
                  {natsMsg_GetData(one), static_cast<std::size_t>(natsMsg_GetDataLength(one))});
      }
      work.finish();
      for (int i = 0; i < some.Count; ++i, ++n) {
        must(natsMsg_Ack(some.Msgs[i], nullptr), "acknowledging");
      }
    }
    must(natsConnection_FlushTimeout(link_.get(), patience_ms), "acknowledging");
    watch.last();
  }

 private:
  std::unique_ptr<natsConnection, freed_by<natsConnection_Destroy>> link_;
  std::unique_ptr<jsCtx, freed_by<jsCtx_Destroy>> stream_;
};

}  // namespace

std::unique_ptr<broker> make_nats(const std::string& at) {
  return std::make_unique<nats>(at);
}

}  // namespace spawn::bench
