#include "plugin/ports/swappable_transport_port.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "lane/post.hpp"

namespace spawn {
namespace {

// Before the reply_to of a message: the number of its version, and one of these.
constexpr std::size_t mark_bytes = 2;
constexpr char owed_mark = '!', free_mark = '.';

}  // namespace

// A subscription, whoever brings its messages.
struct swappable_transport_port::topic {
  lane* to = nullptr;
  std::string pattern, group;
  unique_function<void(transport_message)> on_message;  // [to]
  std::shared_ptr<totals> sum;
  // [to] of a group none comes twice
  std::unique_ptr<transport_overlap> both;
  const version::counts* newer = nullptr;  // of `both`
  // under the port's mutex: its numbers there, 0: none
  std::uint64_t in_now = 0, in_next = 0;

  void begin(const version::counts* with) {
    both = std::make_unique<transport_overlap>();
    newer = with;
  }
  // [to]
  void arrived(version::counts& by, transport_message message) {
    if (!message.reply_to.empty()) {
      // Of a group it is this kernel that answers; what goes to all, nobody has to.
      const bool is_owed = !group.empty();
      by.owed.fetch_add(is_owed ? 1 : 0, std::memory_order_relaxed);
      const char mark[mark_bytes] = {static_cast<char>(by.number), is_owed ? owed_mark : free_mark};
      message.reply_to.insert(0, mark, mark_bytes);
    }
    if (both == nullptr) {
      on_message(std::move(message));
    } else if (newer != &by) {
      both->from_old(message);
      on_message(std::move(message));
    } else {
      const std::uint64_t doubles = both->doubles(), lost = both->lost();
      auto now = both->from_new(std::move(message), to->now_ns());
      note(doubles, lost);
      if (now) {
        on_message(std::move(*now));
      }
    }
  }
  // [to] The old one brings nothing more.
  void old_ended() {
    if (both == nullptr || !both->waits()) {
      return;
    }
    const std::uint64_t doubles = both->doubles(), lost = both->lost();
    auto waited = both->old_ended(to->now_ns());
    note(doubles, lost);
    for (transport_message& each : waited) {
      on_message(std::move(each));
    }
  }
  void note(std::uint64_t doubles_before, std::uint64_t lost_before) {
    sum->doubles.fetch_add(both->doubles() - doubles_before, std::memory_order_relaxed);
    sum->lost.fetch_add(both->lost() - lost_before, std::memory_order_relaxed);
    if (both->is_over(to->now_ns())) {
      both = nullptr;
    }
  }
};

swappable_transport_port::swappable_transport_port(std::unique_ptr<telling_transport_port> first,
                                                   const lane_set& lanes)
    : name_(first->name()), has_requests_(first->has_requests()), slots_(lanes.size()) {
  now_ = make_version(std::move(first));
  for (slot& each : slots_) {
    each.now = now_;
  }
  now_->use->lanes = lanes.size();
}

// --- the way of a message

void swappable_transport_port::publish(lane& from, std::string_view subject,
                                       std::span<const header_view> headers,
                                       std::string_view payload) {
  slots_[from.index()].now->port->publish(from, subject, headers, payload);
}

void swappable_transport_port::request(lane& from, std::string_view subject,
                                       std::span<const header_view> headers,
                                       std::string_view payload, std::uint64_t deadline_ns,
                                       replied_fn replied) {
  slots_[from.index()].now->port->request(from, subject, headers, payload, deadline_ns,
                                          std::move(replied));
}

swappable_transport_port::version_ptr swappable_transport_port::by_number(
    const slot& at, std::uint8_t number) const {
  if (at.now->use->number == number) {
    return at.now;
  }
  for (const version_ptr& each : at.older) {
    if (each->use->number == number) {
      return each;
    }
  }
  // A lane may answer what the new one has brought before it sends through it.
  const std::lock_guard hold(mutex_);
  return next_ != nullptr && next_->use->number == number ? next_ : now_;
}

void swappable_transport_port::reply(lane& from, std::string_view reply_to,
                                     std::span<const header_view> headers, std::string_view payload,
                                     replied_fn ended) {
  if (reply_to.size() < mark_bytes) {
    if (ended) {
      post(from, [then = std::move(ended)]() mutable {
        then(fail(errc::invalid, "this message has no reply_to of a transport"));
      });
    }
    return;
  }
  const version_ptr by =
      by_number(slots_[from.index()], static_cast<std::uint8_t>(reply_to.front()));
  const std::int64_t owed = reply_to[1] == owed_mark ? 1 : 0;
  reply_to.remove_prefix(mark_bytes);
  if (!ended) {
    by->use->owed.fetch_sub(owed, std::memory_order_relaxed);
    by->port->reply(from, reply_to, headers, payload, nullptr);
    return;
  }
  by->port->reply(
      from, reply_to, headers, payload,
      [use = by->use, owed, then = std::move(ended)](result<transport_message> how) mutable {
        use->owed.fetch_sub(owed, std::memory_order_relaxed);
        then(std::move(how));
      });
}

// --- who listens

std::uint64_t swappable_transport_port::listen(version& at, const topic_ptr& to, told_fn told) {
  return at.port->subscribe_and_tell(
      *to->to, to->pattern, to->group,
      [to, by = at.use](transport_message message) { to->arrived(*by, std::move(message)); },
      std::move(told));
}

std::uint64_t swappable_transport_port::subscribe(
    lane& to, std::string_view pattern, std::string_view group,
    unique_function<void(transport_message)> on_message) {
  const auto made = std::make_shared<topic>();
  made->to = &to;
  made->pattern = pattern;
  made->group = group;
  made->on_message = std::move(on_message);
  made->sum = counts_;
  const std::lock_guard hold(mutex_);
  if (next_ != nullptr && group.empty()) {
    post(to, [made, with = next_->use] { made->begin(with.get()); });
  }
  made->in_now = listen(*now_, made, nullptr);
  if (next_ != nullptr) {
    made->in_next = listen(*next_, made, nullptr);
  }
  topics_.emplace(++last_topic_, made);
  return last_topic_;
}

void swappable_transport_port::unsubscribe(std::uint64_t subscription,
                                           unique_function<void()> ended) {
  const std::lock_guard hold(mutex_);
  const auto found = topics_.find(subscription);
  if (found == topics_.end()) {
    return;
  }
  const topic_ptr gone = std::move(found->second);
  topics_.erase(found);
  // The last one that ends tells; both end on the subscription's lane.
  const auto last = std::shared_ptr<unique_function<void()>>(
      new unique_function<void()>(std::move(ended)), [](unique_function<void()>* then) {
        if (*then) {
          (*then)();
        }
        delete then;
      });
  if (gone->in_next != 0) {
    next_->port->unsubscribe(gone->in_next, [last, gone] { gone->old_ended(); });
  }
  now_->port->unsubscribe(gone->in_now, [last, gone] { gone->old_ended(); });
}

// --- the swap

swappable_transport_port::version_ptr swappable_transport_port::make_version(
    std::unique_ptr<telling_transport_port> of) {
  const std::lock_guard hold(mutex_);
  return std::make_shared<version>(std::move(of), ++last_number_);
}

swappable_transport_port::version_ptr swappable_transport_port::now() const {
  const std::lock_guard hold(mutex_);
  return now_;
}

std::size_t swappable_transport_port::listen_too(version_ptr next,
                                                 const std::shared_ptr<told_fn>& told) {
  const std::lock_guard hold(mutex_);
  next_ = std::move(next);
  for (const auto& [id, each] : topics_) {
    if (each->group.empty()) {
      // Before anything that the new one brings: that comes behind it on the lane.
      post(*each->to, [of = each, with = next_->use] { of->begin(with.get()); });
    }
    each->in_next = listen(*next_, each, [told](result<void> how) { (*told)(std::move(how)); });
  }
  return topics_.size();
}

std::size_t swappable_transport_port::give_up(
    const std::shared_ptr<unique_function<void()>>& ended) {
  const std::lock_guard hold(mutex_);
  const version_ptr gone = std::exchange(next_, nullptr);
  for (const auto& [id, each] : topics_) {
    // What the old one has brought, it has: what waited are doubles, or will be.
    gone->port->unsubscribe(std::exchange(each->in_next, 0), [of = each, ended] {
      of->both = nullptr;
      (*ended)();
    });
  }
  return topics_.size();
}

std::size_t swappable_transport_port::leave(const std::shared_ptr<unique_function<void()>>& ended) {
  const std::lock_guard hold(mutex_);
  const version_ptr old = std::exchange(now_, std::exchange(next_, nullptr));
  for (const auto& [id, each] : topics_) {
    const std::uint64_t there = std::exchange(each->in_now, std::exchange(each->in_next, 0));
    old->port->unsubscribe(there, [of = each, ended] {
      of->old_ended();
      (*ended)();
    });
  }
  return topics_.size();
}

void swappable_transport_port::stop_waiting() {
  const std::lock_guard hold(mutex_);
  for (const auto& [id, each] : topics_) {
    post(*each->to, [of = each] { of->old_ended(); });
  }
}

void swappable_transport_port::use(lane& at, version_ptr next) {
  slot& here = slots_[at.index()];
  next->use->lanes.fetch_add(1, std::memory_order_relaxed);
  here.now->use->lanes.fetch_sub(1, std::memory_order_release);
  here.older.push_back(std::exchange(here.now, std::move(next)));
}

void swappable_transport_port::forget(lane& at, const version& old) {
  std::erase_if(slots_[at.index()].older, [&](const version_ptr& of) { return of.get() == &old; });
}

}  // namespace spawn
