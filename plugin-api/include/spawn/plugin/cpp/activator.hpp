// activator.hpp - the glue between activator.h and an activator written in C++.
//
//   class my_source {
//    public:
//     class lane {                                   // all [lane]
//      public:
//       void set_window(std::uint32_t window, bool pause);
//       void settle(std::span<const spawn_settle* const> verdicts);
//     };                                             // its destructor is lane_close
//     std::uint64_t capabilities() const noexcept;
//     std::unique_ptr<lane> open_lane(std::uint32_t number);
//   };
//   SPAWN_PLUGIN(my_source, SPAWN_PLUGIN_MANIFEST_JSON, activator_glue<my_source>)
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spawn/plugin/activator.h"
#include "spawn/plugin/cpp/plugin.hpp"

namespace spawn::plugin {

// A message with its own memory, for sources that hand out short-lived ones. Fill it, then give it
// to activator_host::offer. Meanings as in spawn_delivery.
struct delivery {
  std::uint64_t token = 0;
  std::uint32_t flags = 0;
  std::uint32_t attempt = 0;
  std::uint64_t settle_by_ns = 0, deadline_ns = 0;
  std::string source, partition;
  std::string system, parent, name, register_ref, action;
  std::string content_type, type_url, payload;
  std::uint32_t presence = SPAWN_P_VALUE;
  std::string order_key, dedup_id;
  std::vector<std::pair<std::string, std::string>> headers;
};

// The kernel's side, for an activator. A copyable pair of words, like host_ref. [any]
class activator_host {
 public:
  explicit activator_host(host_ref host)
      : host_(host), table_(host.find<spawn_host_activator>(SPAWN_HOST_ACTIVATOR)) {}

  [[nodiscard]] host_ref host() const noexcept { return host_; }

  // False: not taken, beyond the window or while the lane closes; the message is still in `d`.
  [[nodiscard]] bool offer(std::uint32_t lane, std::unique_ptr<delivery>& d) const {
    struct held {
      std::unique_ptr<delivery> message;
      std::vector<spawn_kv> headers;
    };
    auto keeps = std::make_unique<held>();
    keeps->headers.reserve(d->headers.size());
    for (const auto& [key, value] : d->headers) {
      keeps->headers.push_back({slice(key), slice(value)});
    }
    spawn_delivery raw{};
    raw.struct_size = sizeof(raw);
    raw.flags = d->flags;
    raw.token = d->token;
    raw.source = slice(d->source);
    raw.partition = slice(d->partition);
    raw.to = {slice(d->system), slice(d->parent), slice(d->name)};
    raw.register_ref = slice(d->register_ref);
    raw.action = slice(d->action);
    raw.content_type = slice(d->content_type);
    raw.payload = {d->presence, 0, slice(d->type_url), slice(d->payload)};
    raw.order_key = slice(d->order_key);
    raw.dedup_id = slice(d->dedup_id);
    raw.headers = keeps->headers.data();
    raw.n_headers = static_cast<std::uint32_t>(keeps->headers.size());
    raw.attempt = d->attempt;
    raw.settle_by_ns = d->settle_by_ns;
    raw.deadline_ns = d->deadline_ns;
    keeps->message = std::move(d);
    held* const owner = keeps.release();
    raw.owner = {
        owner, sizeof(*owner),
        [](void* ctx, const void*, std::uint64_t) noexcept { delete static_cast<held*>(ctx); },
        owner};
    const spawn_delivery* const one = &raw;
    if (table_->offer(host_.raw(), lane, &one, 1) == 1) {
      return true;
    }
    d = std::move(owner->message);
    delete owner;
    return false;
  }

  void lag(std::string_view source, std::uint64_t messages,
           std::uint64_t oldest_ms = UINT64_MAX) const noexcept {
    table_->lag(host_.raw(), slice(source), messages, oldest_ms);
  }

  [[nodiscard]] spawn_status set_cursor(std::string_view source,
                                        std::string_view bytes) const noexcept {
    return table_->cursor_set(host_.raw(), slice(source), slice(bytes));
  }
  [[nodiscard]] std::optional<std::string> cursor(std::string_view source) const {
    spawn_buf out{};
    if (table_->cursor_get(host_.raw(), slice(source), &out) != SPAWN_OK) {
      return std::nullopt;
    }
    std::string bytes(text(out));
    release(out);
    return bytes;
  }

 private:
  host_ref host_;
  const spawn_host_activator* table_;
};

template <class Lane>
concept activator_lane = requires(Lane& lane, std::span<const spawn_settle* const> verdicts) {
  lane.set_window(std::uint32_t{}, bool{});
  lane.settle(verdicts);
};

template <class Source, activator_lane Lane = typename Source::lane>
struct activator_glue {
  struct held {
    host_ref host;
    std::unique_ptr<Lane> impl;
  };

  static const char* id() noexcept { return SPAWN_ACTIVATOR; }
  static const void* table() noexcept {
    static constexpr spawn_activator made{
        sizeof(spawn_activator), 0, capabilities, lane_open, set_window, settle, lane_close};
    return &made;
  }

 private:
  static held* of(spawn_ac_lane* lane) noexcept { return reinterpret_cast<held*>(lane); }

  static std::uint64_t capabilities(spawn_instance* self) noexcept {
    return instance_of<Source>(self).capabilities();
  }
  static spawn_status lane_open(spawn_instance* self, std::uint32_t lane,
                                spawn_ac_lane** out) noexcept {
    *out = nullptr;
    const host_ref host(self->host);
    spawn_status status = SPAWN_E_INTERNAL;
    guarded(host, [&] {
      auto made = std::make_unique<held>(held{host, instance_of<Source>(self).open_lane(lane)});
      *out = reinterpret_cast<spawn_ac_lane*>(made.release());
      status = SPAWN_OK;
    });
    return status;
  }
  static void set_window(spawn_ac_lane* lane, std::uint32_t window, std::uint32_t pause) noexcept {
    guarded(of(lane)->host, [&] { of(lane)->impl->set_window(window, pause != 0); });
  }
  static void settle(spawn_ac_lane* lane, const spawn_settle* const* s, std::uint32_t n) noexcept {
    guarded(of(lane)->host, [&] { of(lane)->impl->settle(std::span(s, n)); });
  }
  static void lane_close(spawn_ac_lane* lane) noexcept { delete of(lane); }
};

}  // namespace spawn::plugin
