#include "admin/actor_rows.hpp"

#include <charconv>

namespace spawn {
namespace {

constexpr std::size_t slice_cells = 256;

}  // namespace

std::string listing_place::text() const {
  return std::to_string(lane) + "." + std::to_string(bucket) + "." + std::to_string(skip);
}

bool listing_place::parse(std::string_view text, listing_place& into) noexcept {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::size_t* const fields[] = {&into.lane, &into.bucket, &into.skip};
  for (std::size_t* field : fields) {
    if (field != &into.lane) {
      if (at == end || *at++ != '.') {
        return false;
      }
    }
    const auto [stopped, failed] = std::from_chars(at, end, *field);
    if (failed != std::errc()) {
      return false;
    }
    at = stopped;
  }
  return at == end;
}

actor_row row_of(const cell& from, lane& home) {
  const actor_view id = from.id();
  const std::uint64_t now = home.now_ns();
  actor_row out;
  out.system = id.system;
  out.parent = id.parent;
  out.name = id.name;
  out.type = from.def().type;
  out.kind = name(from.def().kind);
  out.phase = name(from.phase);
  out.revision = from.revision;
  out.idle_ms = now > from.last_used_ns ? (now - from.last_used_ns) / ns_per_ms : 0;
  out.waiting = from.waiting;
  out.lane = home.index();
  out.state_bytes = from.state_any.size();
  out.settled = !from.dirty && from.newest_batch() == 0;
  return out;
}

actor_slice take_slice(cell_lane& cells, lane& home, listing_place from, std::size_t wanted,
                       const actor_filter& only) {
  actor_slice out;
  out.next = from;
  std::size_t seen = 0;
  while (seen < slice_cells && out.rows.size() < wanted && !out.lane_done) {
    std::size_t bucket = out.next.bucket;
    std::size_t in_bucket = 0;
    std::size_t left_at = 0;  // the first cell of the bucket for which there is no more room
    bool full = false;
    const bool more = cells.table().for_some(&bucket, 1, [&](const cell& c) {
      ++seen;
      const std::size_t nth = in_bucket++;
      const bool told = bucket == out.next.bucket && nth < out.next.skip;
      const bool wrong = (!only.system.empty() && c.id().system != only.system) ||
                         (!only.type.empty() && c.def().type != only.type);
      if (full || told || wrong) {
        return;
      }
      if (out.rows.size() == wanted) {
        full = true;
        left_at = nth;
        return;
      }
      out.rows.push_back(row_of(c, home));
    });
    out.next =
        full ? listing_place{from.lane, bucket - 1, left_at} : listing_place{from.lane, bucket, 0};
    out.lane_done = !full && !more;
  }
  return out;
}

std::string_view name(actor_kind kind) noexcept {
  switch (kind) {
    case actor_kind::unknown:
      return "UNKNOW_KIND";
    case actor_kind::named:
      return "NAMED";
    case actor_kind::unnamed:
      return "UNNAMED";
    case actor_kind::pooled:
      return "POOLED";
    case actor_kind::proxy:
      return "PROXY";
    case actor_kind::task:
      return "TASK";
    case actor_kind::projection:
      return "PROJECTION";
  }
  return "UNKNOW_KIND";
}

std::string_view name(cell_phase phase) noexcept {
  switch (phase) {
    case cell_phase::absent:
      return "absent";
    case cell_phase::loading:
      return "loading";
    case cell_phase::initialising:
      return "initialising";
    case cell_phase::ready:
      return "ready";
    case cell_phase::busy:
      return "busy";
  }
  return "absent";
}

std::string_view name(durability mode) noexcept {
  switch (mode) {
    case durability::commit:
      return "commit";
    case durability::snapshot:
      return "snapshot";
    case durability::none:
      return "none";
  }
  return "none";
}

}  // namespace spawn
