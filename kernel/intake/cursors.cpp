#include "intake/cursors.hpp"

#include "base/log.hpp"
#include "lane/post.hpp"
#include "plugin/ports/activator_port.hpp"
#include "state/seal/keys.hpp"

namespace spawn {
namespace {

constexpr std::string_view type_url = "type.googleapis.com/spawn.kernel.ActivatorCursor";
constexpr std::uint64_t read_ms = 10'000;
constexpr std::uint64_t again_ms = 1'000;

std::string prefix_of(std::string_view instance) {
  std::string out = "c/";
  append_key_part(out, instance);
  out += '/';
  return out;
}

}  // namespace

cursors::cursors(std::string instance, lane_router& router, unique_function<void()> written)
    : instance_(std::move(instance)),
      router_(router),
      lane_(router.home()),
      writer_(*router.services().stores[0], router.services().codec, router.services().writers),
      written_(std::move(written)) {
  again_.owner = this;
  again_.fire = [](timer& t) { static_cast<again_timer&>(t).owner->write_dirty(); };
}

void cursors::recover(unique_function<void(result<void>)> done) {
  read_page({}, std::move(done));
}

void cursors::read_page(std::string cursor, unique_function<void(result<void>)> done) {
  const key_range range = prefix_range(prefix_of(instance_));
  page_order order;
  order.from = range.from;
  order.to = range.to;
  order.cursor = std::move(cursor);
  router_.desk().read(
      *router_.services().stores[0], std::move(order), lane_.now_ns() + read_ms * ns_per_ms,
      [this, range, then = std::move(done)](result<stored_page> page) mutable {
        if (!page) {
          then(fail(std::move(page.error())));
          return;
        }
        for (const stored_row& row : page->rows) {
          auto source = decode_key_part(std::string_view(row.key).substr(range.from.size()));
          auto opened = router_.services().codec.open(row.key, row.view());
          if (!source || !opened) {
            const error& why = source ? opened.error() : source.error();
            then(fail(why.code, "cursor " + row.key + " of activator " + instance_ +
                                    " cannot be read: " + why.text));
            return;
          }
          const std::lock_guard hold(mutex_);
          place& at = places_[*source];
          at.bytes = std::move(opened->payload);
          at.version = {row.revision, row.writer};
        }
        if (page->cursor.empty()) {
          then({});
        } else {
          read_page(std::move(page->cursor), std::move(then));
        }
      });
}

errc cursors::set(std::string_view source, std::string_view bytes) {
  bool post_now = false;
  {
    const std::lock_guard hold(mutex_);
    const auto known = places_.find(source);
    if (bytes.size() > SPAWN_AC_CURSOR_MAX || source.empty() ||
        source.size() > limits::name_bytes_max ||
        (known == places_.end() && places_.size() >= SPAWN_AC_CURSORS_MAX)) {
      return errc::invalid;
    }
    place& at = known != places_.end() ? known->second : places_[std::string(source)];
    at.bytes = bytes;
    at.dirty = true;
    post_now = !std::exchange(posted_, true);
  }
  if (post_now) {
    post(lane_, [this] { write_dirty(); });
  }
  return errc::ok;
}

std::optional<std::string> cursors::get(std::string_view source) const {
  const std::lock_guard hold(mutex_);
  const auto found = places_.find(source);
  return found == places_.end() ? std::nullopt : std::optional(found->second.bytes);
}

bool cursors::is_quiet() const noexcept {
  const std::lock_guard hold(mutex_);
  for (const auto& [source, at] : places_) {
    if (at.dirty || at.writing) {
      return false;
    }
  }
  return true;
}

void cursors::write_dirty() {
  std::vector<std::string> due;
  {
    const std::lock_guard hold(mutex_);
    posted_ = false;
    for (const auto& [source, at] : places_) {
      if (at.dirty && !at.writing) {
        due.push_back(source);
      }
    }
  }
  for (const std::string& source : due) {
    write(source);
  }
}

void cursors::write(const std::string& source) {
  std::string bytes;
  record_version known;
  {
    const std::lock_guard hold(mutex_);
    place& at = places_[source];
    at.dirty = false;
    at.writing = true;
    bytes = at.bytes;
    known = at.version;
  }
  std::string key = prefix_of(instance_);
  append_key_part(key, source);
  writer_.put(std::move(key), std::string(type_url), std::move(bytes), known,
              [this, source](result<record_version> put) {
                bool again = false;
                {
                  const std::lock_guard hold(mutex_);
                  place& at = places_[source];
                  at.writing = false;
                  if (put) {
                    at.version = *put;
                  } else {
                    at.dirty = true;
                  }
                  again = at.dirty;
                }
                if (!put) {
                  lane_.arm_after_ms(again_, again_ms);
                  SPAWN_LOG(warn, "an activator's cursor could not be stored; it is tried again",
                            {"activator", instance_}, {"source", source},
                            {"why", put.error().text});
                }
                if (put && again) {
                  write(source);
                }
                written_();
              });
}

}  // namespace spawn
