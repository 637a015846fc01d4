#include "preload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/hash.hpp"
#include "rig/rig.hpp"

namespace spawn::bench {

namespace {

constexpr std::uint64_t batch_rows = 256;
constexpr std::uint64_t writer = 7;

struct row {
  std::string key;
  sealed_record content;
  save_request* request = nullptr;
};

}  // namespace

std::string_view name_of(std::uint64_t i, std::string& into) {
  constexpr auto digits = id_bytes - system_name.size() - parent_name.size() - 1;
  into.clear();
  fmt::format_to(std::back_inserter(into), "c{:0{}}", i, digits);
  return into;
}

definition_ptr make_definition() {
  auto made = std::make_shared<definition>();
  made->system = system_name;
  made->type = parent_name;
  made->kind = actor_kind::unnamed;
  made->stateful = true;
  made->snapshot_ms = 2'000;
  made->deactivate_ms = 3'600'000;  // no actor goes while the others come
  made->actions = {"Add"};
  made->host = std::make_shared<host_address>();
  return made;
}

void preload(journal& store, record_codec& codec, std::uint64_t n) {
  auto& home = static_cast<hand_lane&>(store.home());
  op_slab<save_request> slab;
  std::vector<row> rows(batch_rows);
  const std::string state(state_bytes, 's');
  std::string name;
  for (std::uint64_t first = 0; first < n; first += batch_rows) {
    const std::uint64_t count = std::min(batch_rows, n - first);
    for (std::uint64_t i = 0; i < count; ++i) {
      row& r = rows[i];
      r.key = *actor_key(system_name, parent_name, name_of(first + i, name));
      record_meta meta;
      meta.birth = first + i + 1;
      if (!codec.seal(r.key, 1, writer, meta, true, state_type, state, r.content)) {
        give_up("bench_actors: a record could not be sealed");
      }
      r.request = slab.take();
      r.request->clear();
      r.request->raw.key = slice_of(r.key);
      r.request->raw.key_hash = hash_bytes(r.key);
      r.request->raw.new_revision = 1;
      r.request->raw.writer = writer;
      r.content.fill(r.request->raw);
      r.request->ended = [](save_request& done) {
        if (done.status() != errc::ok) {
          give_up("bench_actors: a record was not saved: " + take_error_text(done.raw.op));
        }
      };
      store.submit(*r.request, SPAWN_SS_SAVE, 0);
    }
    home.drive();
    if (store.in_flight() != 0) {
      give_up("bench_actors: the store did not answer");
    }
    for (std::uint64_t i = 0; i < count; ++i) {
      slab.give_back(rows[i].request);
    }
  }
}

}  // namespace spawn::bench
