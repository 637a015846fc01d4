#include "bus.hpp"

#include <algorithm>

#include "subject-common/subject.hpp"

namespace memory_bus {

using spawn::plugin::text;

namespace {

constexpr std::uint64_t ending_ns = 2'000'000'000;

}  // namespace

std::shared_ptr<bus> bus::named(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<bus>> all;
  const std::lock_guard hold(mutex);
  std::weak_ptr<bus>& known = all[name];
  std::shared_ptr<bus> found = known.lock();
  if (found == nullptr) {
    found = std::make_shared<bus>();
    known = found;
  }
  return found;
}

std::shared_ptr<subscription> bus::find(const void* owner, std::uint64_t id) {
  const auto at = std::find_if(subscriptions_.begin(), subscriptions_.end(),
                               [&](const auto& s) { return s->owner == owner && s->id == id; });
  return at == subscriptions_.end() ? nullptr : *at;
}

void bus::subscribe(const std::shared_ptr<subscription>& s) {
  const std::lock_guard hold(mutex_);
  subscriptions_.push_back(s);
}

// Somebody who takes what it can not, with credit if there is one.
std::shared_ptr<subscription> bus::other_of_group(const subscription& s) {
  std::shared_ptr<subscription> found;
  for (const auto& each : subscriptions_) {
    const bool is_other = !s.group.empty() && each.get() != &s && !each->ending &&
                          each->group == s.group && each->pattern == s.pattern;
    if (is_other && (found == nullptr || each->credit > each->held.size())) {
      found = each;
    }
  }
  return found;
}

void bus::unsubscribe(const void* owner, spawn::plugin::pending<spawn_tp_sub> op,
                      std::uint64_t now_ns) {
  std::shared_ptr<subscription> leaves, takes_over;
  {
    const std::lock_guard hold(mutex_);
    leaves = find(owner, op->sub_id);
    if (leaves != nullptr && !leaves->ending) {
      leaves->ending = std::move(op);
      leaves->ends_ns = now_ns + ending_ns;
      takes_over = other_of_group(*leaves);
      while (!leaves->group.empty() && leaves->held.size() > leaves->credit) {
        if (takes_over != nullptr) {
          takes_over->held.push_front(std::move(leaves->held.back()));
        } else {
          ++leaves->dropped;
        }
        leaves->held.pop_back();
      }
    } else {
      leaves = nullptr;
    }
  }
  if (leaves == nullptr) {
    return op.end(SPAWN_E_NOT_FOUND, "no such subscription");
  }
  pump(leaves);
  if (takes_over != nullptr) {
    pump(takes_over);
  }
}

void bus::grant(const void* owner, std::uint64_t id, std::uint32_t credit) {
  std::shared_ptr<subscription> s;
  {
    const std::lock_guard hold(mutex_);
    s = find(owner, id);
    if (s == nullptr) {
      return;
    }
    s->credit += credit;
  }
  pump(s);
}

std::vector<std::shared_ptr<subscription>> bus::listeners(std::string_view subject) {
  std::vector<std::shared_ptr<subscription>> out;
  std::map<std::pair<std::string, std::string>, std::vector<std::shared_ptr<subscription>>> groups;
  for (const auto& s : subscriptions_) {
    if (s->ending || !subjects::matches(s->pattern, subject)) {
      continue;
    }
    if (s->group.empty()) {
      out.push_back(s);
    } else {
      groups[{s->pattern, s->group}].push_back(s);
    }
  }
  for (const auto& [key, members] : groups) {
    // In turn, but one that can take the message now comes before one that would only hold it.
    std::size_t& next = next_in_group_[key];
    const std::size_t first = next++ % members.size();
    std::size_t chosen = first;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const std::size_t at = (first + i) % members.size();
      if (members[at]->credit > members[at]->held.size()) {
        chosen = at;
        break;
      }
    }
    out.push_back(members[chosen]);
  }
  return out;
}

void bus::pump(const std::shared_ptr<subscription>& of) {
  subscription& s = *of;
  const std::lock_guard in_order(s.turn);
  for (;;) {
    message_ptr m;
    {
      std::unique_lock hold(mutex_);
      if (!s.closed && s.ending && s.held.empty()) {
        s.closed = true;
        std::erase(subscriptions_, of);
        hold.unlock();
        return s.ending->end(SPAWN_OK);
      }
      if (s.closed || s.credit == 0 || s.held.empty()) {
        return;
      }
      --s.credit;
      m = std::move(s.held.front());
      s.held.pop_front();
    }
    const auto* host = s.host.find<spawn_host_transport>(SPAWN_HOST_TRANSPORT);
    if (host == nullptr) {
      return;
    }
    spawn_tp_message out{};
    out.sub_id = s.id;
    out.subject = spawn::plugin::slice(m->subject());
    out.reply_to = spawn::plugin::slice(m->reply_to());
    out.headers = m->headers().data();
    out.n_headers = static_cast<std::uint32_t>(m->headers().size());
    out.payload = lend(m);
    host->deliver(s.host.raw(), s.lane, &out, 1);
  }
}

void bus::publish(const message_ptr& m, std::size_t max_held) {
  std::vector<std::shared_ptr<subscription>> to;
  {
    const std::lock_guard hold(mutex_);
    to = listeners(m->subject());
    for (const auto& s : to) {
      if (s->held.size() >= max_held + s->credit) {
        ++s->dropped;
      } else {
        s->held.push_back(m);
      }
    }
  }
  for (const auto& s : to) {
    pump(s);
  }
}

void bus::request(spawn::plugin::pending<spawn_tp_send> op, const void* owner,
                  std::size_t max_held) {
  message_ptr m;
  {
    const std::lock_guard hold(mutex_);
    if (!listeners(text(op->subject)).empty()) {
      std::string inbox = "_reply." + std::to_string(next_request_++);
      m = std::make_shared<const message>(*op, inbox);
      const std::uint64_t deadline = op->op.deadline_ns;
      requests_.emplace(std::move(inbox), open_request{owner, deadline, std::move(op)});
    }
  }
  if (m == nullptr) {
    return op.end(SPAWN_E_NOT_FOUND, "nobody listens to this subject");
  }
  publish(m, max_held);
}

bool bus::reply(const spawn_tp_send& op) {
  std::map<std::string, open_request>::node_type waiting;
  {
    const std::lock_guard hold(mutex_);
    waiting = requests_.extract(std::string(text(op.subject)));
  }
  if (waiting.empty()) {
    return false;
  }
  spawn::plugin::pending<spawn_tp_send>& asked = waiting.mapped().op;
  const auto answer = std::make_shared<const message>(op, std::string());
  asked->out_headers = answer->headers().data();
  asked->n_out_headers = static_cast<std::uint32_t>(answer->headers().size());
  asked->out_reply = lend(answer);
  asked.end(SPAWN_OK);
  return true;
}

void bus::expire(const void* owner, std::uint64_t now_ns) {
  std::vector<std::map<std::string, open_request>::node_type> late;
  std::vector<std::shared_ptr<subscription>> leave;
  {
    const std::lock_guard hold(mutex_);
    for (const auto& s : subscriptions_) {
      if (s->owner == owner && s->ending && s->ends_ns <= now_ns) {
        s->dropped += s->held.size();
        s->held.clear();
        leave.push_back(s);
      }
    }
    for (auto at = requests_.begin(); at != requests_.end();) {
      const auto next = std::next(at);
      const std::uint64_t deadline = at->second.deadline_ns;
      if (at->second.owner == owner && deadline != 0 && deadline <= now_ns) {
        late.push_back(requests_.extract(at));
      }
      at = next;
    }
  }
  for (const auto& s : leave) {
    pump(s);
  }
  for (auto& node : late) {
    // The message went out: somebody may have acted on it.
    node.mapped().op.end(SPAWN_E_UNKNOWN_OUTCOME, "no reply before the deadline");
  }
}

void bus::drop(const void* owner) {
  std::vector<std::shared_ptr<subscription>> gone;
  std::vector<std::map<std::string, open_request>::node_type> asked;
  {
    const std::lock_guard hold(mutex_);
    std::erase_if(subscriptions_, [&](const auto& s) {
      if (s->owner == owner) {
        s->closed = true;
        gone.push_back(s);
      }
      return s->owner == owner;
    });
    for (auto at = requests_.begin(); at != requests_.end();) {
      const auto next = std::next(at);
      if (at->second.owner == owner) {
        asked.push_back(requests_.extract(at));
      }
      at = next;
    }
  }
  for (const auto& s : gone) {
    const std::lock_guard last_delivery(s->turn);
    if (s->ending) {
      s->ending->end(SPAWN_OK);
    }
  }
  for (auto& node : asked) {
    node.mapped().op.end(SPAWN_E_SHUTDOWN, "the transport stops");
  }
}

}  // namespace memory_bus
