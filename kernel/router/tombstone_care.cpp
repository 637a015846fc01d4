#include "router/tombstone_care.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

constexpr std::int64_t again_ms = 3'600'000;
constexpr std::size_t actors_max = 10'000;  // an hour; the others are looked at in the next
constexpr std::uint64_t answer_ms = 30'000;

}  // namespace

void tombstone_care::look(actor_view id, std::uint32_t store) {
  const std::int64_t now = home_.unix_ms();
  if (now >= forget_ms_) {
    looked_.clear();
    forget_ms_ = now + again_ms;
  }
  auto key = actor_key(id.system, id.parent, id.name);
  if (!key || looked_.size() >= actors_max || !looked_.insert(*key).second) {
    return;
  }
  page_order one;
  one.from = *key;
  one.to = *key + '\0';
  one.with_payload = false;
  one.tombstones = true;
  one.limit = 1;
  desk_.read(*stores_[store], std::move(one), home_.now_ns() + answer_ms * ns_per_ms,
             [this, store](const result<stored_page>& page) {
               if (page && !page->rows.empty()) {
                 renew(store, page->rows.front());
               }
             });
}

void tombstone_care::renew(std::uint32_t store, const stored_row& found) {
  const auto age_ms = home_.unix_ms() - found.written_ms;
  if (!found.tombstone || age_ms < static_cast<std::int64_t>(limits::tombstone_renew_ms)) {
    return;
  }
  write_order order;
  order.code = SPAWN_SS_DELETE;
  order.flags =
      static_cast<std::uint16_t>(SPAWN_SS_F_DURABLE | (found.meta.empty() ? SPAWN_SS_F_ERASE : 0));
  order.key = found.key;
  order.expect_revision = found.revision;
  order.expect_writer = found.writer;
  order.new_revision = found.revision + 1;
  order.writer = writers_.next();
  if (!found.meta.empty()) {  // an erased actor's has none
    result<void> sealed;
    if (auto opened = codec_.open(found.key, found.view())) {
      sealed = codec_.seal(found.key, order.new_revision, order.writer, opened->meta, false, {}, {},
                           order.content);
    } else {
      sealed = fail(std::move(opened.error()));
    }
    if (!sealed) {
      SPAWN_LOG(warn, "a tombstone could not be renewed", {"key", found.key},
                {"why", sealed.error().text});
      return;
    }
  }
  std::vector<write_order> orders;
  orders.push_back(std::move(order));
  desk_.write(*stores_[store], std::move(orders), home_.now_ns() + answer_ms * ns_per_ms,
              [key = found.key](const std::vector<write_outcome>& ended) {
                const write_outcome& how = ended.front();
                if (how.code != errc::ok && how.code != errc::conflict) {
                  SPAWN_LOG(warn, "a tombstone could not be renewed; it is tried again in an hour",
                            {"key", key}, {"why", how.why});
                }
              });
}

}  // namespace spawn
