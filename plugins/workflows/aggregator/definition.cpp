#include "aggregator/definition.hpp"

#include <algorithm>

namespace spawn::plugin::aggregator {
namespace {

using flows::config_reader;

constexpr std::uint64_t day_ms = 86'400'000;

// A batch that is full must be sent, so its templates may not depend on what is in it: the items
// come as a whole, once.
void check_items(const config_reader& target, const flows::target& to) {
  std::size_t whole = 0;
  for (const flows::reference& r : to.references()) {
    if (r.source != "items") {
      if (!r.path.empty()) {
        target.refuse("\"" + r.text + "\" has no parts");
      }
      continue;
    }
    whole += 1;
    if (!r.path.empty() || whole > 1) {
      target.refuse("\"" + r.text + "\": the items are taken as a whole, as {items}, and once");
    }
  }
}

flows::target read_target(const config_reader& from, const flows::source_names& known) {
  from.only(flows::target::keys);
  flows::target to = flows::target::read(from, known);
  check_items(from, to);
  // Filled in once, so that a target that can not be is refused now.
  flows::source_values values =
      batch_values(std::string(64, 'n'), "i", std::string(key_bytes_max, 'k'), "b");
  add_items(values, flows::json::array({std::string(batch_bytes_max, 'x')}));
  try {
    (void)to.render(values, "system");
  } catch (const flows::render_error& e) {
    from.refuse(std::string("can not be filled in: ") + e.what());
  }
  return to;
}

definition read_aggregate(const config_reader& from) {
  from.only({"key", "count", "timeout", "max_bytes", "idle", "target"});
  definition out;
  out.name = from.name();
  flows::source_names known{"aggregate.name", "aggregate.id", "batch", "count", "items", "key"};
  if (const std::optional<config_reader> key = from.find("key")) {
    (void)key->text();
    out.key = flows::json_template::compile(*key, {"input"});
  } else {
    known.pop_back();
  }
  out.count = from.number("count", 1, count_max, 100);
  out.bytes = from.number("max_bytes", 1'024, batch_bytes_max, batch_bytes_max);
  out.timeout_ms = from.duration_ms("timeout", 1, 366 * day_ms, 10'000);
  out.idle_ms = from.duration_ms("idle", 1'000, 366 * day_ms, 3'600'000);
  const config_reader target = from.at("target");
  out.to = read_target(target, known);
  out.has_payload = target.find("payload").has_value();
  return out;
}

}  // namespace

flows::source_values batch_values(std::string_view name, std::string_view id, std::string_view key,
                                  const std::string& batch) {
  flows::source_values values;
  values.add_json("aggregate.name", name);
  values.add_json("aggregate.id", id);
  values.add_json("key", key);
  values.add_json("batch", batch);
  return values;
}

void add_items(flows::source_values& values, flows::json items) {
  values.add_json("count", items.size());
  values.add_json("items", std::move(items));
}

std::vector<definition> read_aggregates(const config_reader& config) {
  config.only({"aggregates"});
  std::vector<definition> out;
  if (const std::optional<config_reader> aggregates = config.find("aggregates")) {
    for (const config_reader& one : aggregates->named(0, aggregates_max)) {
      out.push_back(read_aggregate(one));
    }
  }
  return out;
}

}  // namespace spawn::plugin::aggregator
