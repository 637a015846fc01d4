#include "contract/activator/sink_client.hpp"

#include <algorithm>
#include <iterator>

namespace contract {

using spawn::plugin::slice;
using spawn::plugin::text;

// A message and all it points at, pinned until it has ended.
struct sink_client::flying {
  std::string destination;
  letter what;
  std::vector<spawn_kv> kv;
  spawn_sink_message raw{};

  flying(std::string to, letter given, std::uint64_t deadline_ns)
      : destination(std::move(to)), what(std::move(given)) {
    for (const auto& [key, value] : what.with) {
      kv.push_back({slice(key), slice(value)});
    }
    raw.op.struct_size = sizeof(raw);
    raw.op.deadline_ns = deadline_ns;
    raw.destination = slice(destination);
    raw.key = slice(what.key);
    raw.dedup_id = slice(what.id);
    raw.content_type = slice(what.content_type);
    raw.payload = slice(what.body);
    raw.headers = kv.data();
    raw.n_headers = static_cast<std::uint32_t>(kv.size());
    raw.attempt = 1;
  }
  // What the plugin gave with the end is ours, also when it came after the wait was over.
  ~flying() { spawn::plugin::release(raw.op.error); }
  flying(const flying&) = delete;
  flying& operator=(const flying&) = delete;
};

sink_client::sink_client(source_client& on)
    : on_(on), table_(on.interface<spawn_sink>(SPAWN_SINK)) {
  if (table_ == nullptr) {
    throw skipped{"it has no sink"};
  }
  require_equal(table_->lane_open(on.raw(), 0, &lane_), int{SPAWN_OK}, "lane_open of the sink");
}

sink_client::~sink_client() {
  table_->lane_close(lane_);
}

std::uint64_t sink_client::capabilities() const {
  return table_->capabilities(on_.raw());
}

std::vector<sink_result> sink_client::send(const std::string& destination,
                                           const std::vector<letter>& letters,
                                           std::uint64_t deadline_ns) {
  std::vector<std::unique_ptr<flying>> all;
  std::vector<spawn_op*> ops;
  for (const letter& one : letters) {
    all.push_back(std::make_unique<flying>(destination, one, deadline_ns));
    ops.push_back(&all.back()->raw.op);
    on_.host().expect(ops.back());
  }
  table_->submit(lane_, ops.data(), static_cast<std::uint32_t>(ops.size()));
  std::vector<sink_result> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!on_.host().wait(ops[i], on_.source().patience())) {
      // The plugin may still write into what it has not ended.
      static std::vector<std::unique_ptr<flying>> lost;
      std::move(all.begin(), all.end(), std::back_inserter(lost));
      throw failed{"a message to the sink did not end in time"};
    }
    out.push_back({ops[i]->status, std::string(text(ops[i]->error))});
  }
  return out;
}

sink_result sink_client::send_one(const std::string& destination, const letter& one,
                                  std::uint64_t deadline_ns) {
  return send(destination, {one}, deadline_ns).front();
}

}  // namespace contract
