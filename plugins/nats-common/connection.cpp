#include "nats-common/connection.hpp"

#include <atomic>
#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "nats-common/client_options.hpp"

namespace nats_common {

namespace {

// What a callback of the library finds; gone with the last callback. The mailbox may be gone first.
struct heard {
  std::weak_ptr<mailbox> to;
  std::uint64_t id;
};

// A subscription that was closed before the library could promise to name its last callback: one
// may run still, so that what it finds has to stay, for good. A few bytes, when a connection ends
// in the moment of a subscribe.
void keep_for_good(std::unique_ptr<heard> one) {
  static std::mutex& mutex = *new std::mutex;
  static auto& kept = *new std::vector<std::unique_ptr<heard>>;
  const std::lock_guard hold(mutex);
  kept.push_back(std::move(one));
}

void on_message(natsConnection*, natsSubscription*, natsMsg* raw, void* closure) {
  message_ptr m(raw);
  const auto* one = static_cast<heard*>(closure);
  try {
    if (const auto to = one->to.lock()) {
      to->put(one->id, std::move(m));
    }
  } catch (const std::exception&) {
    // No memory for it: lost, as NATS may lose a message.
  }
}

void on_no_more_messages(void* closure) {
  delete static_cast<heard*>(closure);
}

// The last of a connection's callbacks.
void on_closed(natsConnection*, void* closure) {
  const std::unique_ptr<heard> one(static_cast<heard*>(closure));
  if (const auto to = one->to.lock()) {
    to->closed(one->id);
  }
}

void on_problem(natsConnection* nc, natsSubscription* s, natsStatus status, void* closure) {
  try {
    std::string text = natsStatus_GetText(status);
    const char* said = nullptr;
    if (status != NATS_SLOW_CONSUMER && natsConnection_GetLastError(nc, &said) != NATS_OK &&
        said != nullptr) {
      text.append(": ").append(said);
    }
    if (s != nullptr && natsSubscription_GetSubject(s) != nullptr) {
      text.append(" on ").append(natsSubscription_GetSubject(s));
    }
    if (const auto to = static_cast<heard*>(closure)->to.lock()) {
      to->problem(std::move(text));
    }
  } catch (const std::exception&) {
    // No memory to tell of it.
  }
}

std::string reason(natsStatus status) {
  const char* last = nats_GetLastError(nullptr);
  std::string out = natsStatus_GetText(status);
  if (last != nullptr && *last != '\0' && out != last) {
    out.append(": ").append(last);
  }
  return out;
}

}  // namespace

std::unique_ptr<connection> connection::open(const connection_settings& settings,
                                             const std::string& server, std::shared_ptr<mailbox> to,
                                             std::string& why) {
  static std::atomic<std::uint64_t> numbers{0};
  options_ptr options;
  try {
    options = make_options(settings, server);
  } catch (const std::exception& e) {
    why = e.what();
    return nullptr;
  }
  std::unique_ptr<connection> made(new connection(++numbers, std::move(to)));
  auto closure = std::make_unique<heard>(heard{made->mailbox_, made->number_});
  (void)natsOptions_SetClosedCB(options.get(), on_closed, closure.get());
  (void)natsOptions_SetErrorHandler(options.get(), on_problem, closure.get());
  const natsStatus status = natsConnection_Connect(&made->raw_, options.get());
  if (status != NATS_OK) {
    why = reason(status);
    return nullptr;
  }
  (void)closure.release();  // on_closed has it now
  return made;
}

connection::~connection() {
  subscriptions_.clear();
  natsConnection_Destroy(raw_);
}

std::size_t connection::max_payload() const noexcept {
  const std::int64_t size = natsConnection_GetMaxPayload(raw_);
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}

natsStatus connection::publish(const outgoing& m) {
  const auto size = static_cast<int>(m.payload.size());
  if (m.payload.size() > max_payload()) {
    return NATS_MAX_PAYLOAD;
  }
  if (m.headers.empty() && m.reply.empty()) {
    return natsConnection_Publish(raw_, m.subject.c_str(), m.payload.data(), size);
  }
  if (m.headers.empty()) {
    return natsConnection_PublishRequest(raw_, m.subject.c_str(), m.reply.c_str(), m.payload.data(),
                                         size);
  }
  natsMsg* raw = nullptr;
  natsStatus status = natsMsg_Create(
      &raw, m.subject.c_str(), m.reply.empty() ? nullptr : m.reply.c_str(), m.payload.data(), size);
  const message_ptr message(raw);
  for (const auto& [name, value] : m.headers) {
    if (status == NATS_OK) {
      status = natsMsgHeader_Add(raw, name.c_str(), value.c_str());
    }
  }
  return status == NATS_OK ? natsConnection_PublishMsg(raw_, raw) : status;
}

natsStatus connection::subscribe(std::uint64_t id, const std::string& subject,
                                 const std::string& group) {
  auto closure = std::make_unique<heard>(heard{mailbox_, id});
  natsSubscription* made = nullptr;
  const natsStatus status =
      group.empty()
          ? natsConnection_Subscribe(&made, raw_, subject.c_str(), on_message, closure.get())
          : natsConnection_QueueSubscribe(&made, raw_, subject.c_str(), group.c_str(), on_message,
                                          closure.get());
  if (status != NATS_OK) {
    return status;
  }
  std::unique_ptr<natsSubscription, free_subscription> held(made);
  if (const natsStatus set =
          natsSubscription_SetOnCompleteCB(made, on_no_more_messages, closure.get());
      set != NATS_OK) {
    keep_for_good(std::move(closure));
    return set;
  }
  (void)closure.release();  // on_no_more_messages has it now
  subscriptions_[id] = std::move(held);
  return NATS_OK;
}

void connection::empty_out(std::uint64_t id) {
  std::erase_if(subscriptions_,
                [](const auto& one) { return !natsSubscription_IsValid(one.second.get()); });
  if (const auto at = subscriptions_.find(id); at != subscriptions_.end()) {
    (void)natsSubscription_Drain(at->second.get());
  }
}

bool connection::is_empty(std::uint64_t id) const {
  const auto at = subscriptions_.find(id);
  return at == subscriptions_.end() || !natsSubscription_IsValid(at->second.get());
}

void connection::unsubscribe(std::uint64_t id) {
  subscriptions_.erase(id);
}

}  // namespace nats_common
