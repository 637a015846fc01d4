#include "intake.hpp"

#include <algorithm>
#include <string_view>

namespace kafka_activator {

void intake::open(const partition_name& name) {
  close(name);
  shares_.try_emplace(name);
}

void intake::close(const partition_name& name) {
  const auto at = shares_.find(name);
  if (at != shares_.end()) {
    forget(at->second);
    shares_.erase(at);
  }
}

void intake::close_all() {
  for (auto& [name, s] : shares_) {
    forget(s);
  }
  shares_.clear();
}

void intake::forget(share& s) {
  for (auto& [offset, r] : s.records) {
    if (r.token == 0) {
      stop_waiting(s, offset, r);
      continue;
    }
    tokens_.erase(r.token);
    offered_ -= r.buried ? 0 : 1;
  }
}

void intake::hold(const partition_name& name) {
  const auto at = shares_.find(name);
  if (at != shares_.end()) {
    at->second.held = true;
  }
}

bool intake::take(const message_ptr& m) {
  const auto at = shares_.find({m->topic, m->partition});
  if (at == shares_.end() || !at->second.ledger.take(m->offset)) {
    return false;
  }
  share& s = at->second;
  record& r = s.records[m->offset];
  r.what = m;
  wait(s, m->offset, r, 0);
  return true;
}

void intake::wait(share& s, std::int64_t offset, record& r, std::uint64_t at_ns) {
  r.not_before_ns = at_ns;
  if (at_ns != 0) {
    due_.insert(at_ns);
  }
  s.waiting.emplace(offset, &r);
  ++waiting_;
}

void intake::stop_waiting(share& s, std::int64_t offset, record& r) {
  if (r.not_before_ns != 0) {
    due_.erase(due_.find(r.not_before_ns));
    r.not_before_ns = 0;
  }
  s.waiting.erase(offset);
  --waiting_;
}

intake::record* intake::next_of(share& s, std::uint64_t now_ns) {
  std::set<std::string_view> behind;  // keys of those whose time has not come
  for (const auto& [offset, r] : s.waiting) {
    const std::string_view key = r->what->order_key;
    if (r->not_before_ns > now_ns) {
      behind.insert(key);
    } else if (behind.empty() || !behind.contains(key)) {
      return r;
    }
  }
  return nullptr;
}

std::optional<intake::offer> intake::next(std::uint64_t now_ns) {
  if (waiting_ == 0) {
    return std::nullopt;
  }
  auto at = shares_.upper_bound(last_served_);
  for (std::size_t tried = 0; tried < shares_.size(); ++tried, ++at) {
    if (at == shares_.end()) {
      at = shares_.begin();
    }
    share& s = at->second;
    record* const r = s.held ? nullptr : next_of(s, now_ns);
    if (r == nullptr) {
      continue;
    }
    const std::int64_t offset = r->what->offset;
    stop_waiting(s, offset, *r);
    r->token = ++last_token_;
    tokens_.emplace(r->token, place{&s, offset});
    ++offered_;
    last_served_ = at->first;
    return offer{r->what, r->token, r->attempt};
  }
  return std::nullopt;
}

intake::record* intake::find(std::uint64_t token, place& at) {
  const auto known = tokens_.find(token);
  if (known == tokens_.end()) {
    return nullptr;
  }
  at = known->second;
  return &at.in->records.at(at.offset);
}

void intake::put_back(std::uint64_t token) {
  again(token, 0, false);
}

void intake::ack(std::uint64_t token) {
  settle(token, false);
}

void intake::arrived(std::uint64_t token) {
  settle(token, true);
}

void intake::settle(std::uint64_t token, bool buried) {
  place at{};
  const record* const r = find(token, at);
  if (r == nullptr || r->buried != buried) {
    return;
  }
  offered_ -= buried ? 0 : 1;
  tokens_.erase(token);
  at.in->records.erase(at.offset);
  (void)at.in->ledger.settle(at.offset);
}

void intake::again(std::uint64_t token, std::uint64_t at_ns, bool counts) {
  place at{};
  record* const r = find(token, at);
  if (r == nullptr || r->buried) {
    return;
  }
  --offered_;
  tokens_.erase(token);
  r->token = 0;
  r->attempt += counts ? 1 : 0;
  wait(*at.in, at.offset, *r, at_ns);
}

std::optional<intake::burial> intake::bury(std::uint64_t token) {
  place at{};
  record* const r = find(token, at);
  if (r == nullptr || r->buried) {
    return std::nullopt;
  }
  --offered_;
  r->buried = true;
  return burial{r->what, token};
}

std::size_t intake::offered_of(const std::vector<partition_name>& names) const {
  std::size_t out = 0;
  for (const partition_name& name : names) {
    const auto at = shares_.find(name);
    if (at != shares_.end()) {
      out += static_cast<std::size_t>(
          std::count_if(at->second.records.begin(), at->second.records.end(),
                        [](const auto& one) { return one.second.token != 0; }));
    }
  }
  return out;
}

std::optional<intake::state> intake::look(const partition_name& name) const {
  const auto at = shares_.find(name);
  if (at == shares_.end()) {
    return std::nullopt;
  }
  const share& s = at->second;
  return state{s.ledger.first(), s.ledger.position(), s.ledger.next(), s.ledger.span(),
               s.records.empty() ? -1 : s.records.begin()->second.what->unix_ms};
}

}  // namespace kafka_activator
