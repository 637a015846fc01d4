#include "scatter-gather/definition.hpp"

#include <algorithm>

namespace spawn::plugin::scatter {
namespace {

using flows::config_reader;
using flows::source_names;

constexpr std::uint64_t year_ms = 366ull * 86'400'000;

target_definition read_target(const config_reader& from) {
  from.only({"name", "each", "actor", "parent", "system", "register_ref", "action", "payload"});
  target_definition out;
  out.name = from.at("name").text();
  if (!flows::is_name(out.name)) {
    from.at("name").refuse("a name has 1 to 64 letters, digits, '_' and '-'");
  }
  source_names known{"input", "scatter.id", "scatter.name"};
  if (const std::optional<config_reader> each = from.find("each")) {
    (void)each->text();
    out.each = flows::json_template::compile(*each, known);
    known.push_back("item");
  }
  out.to = flows::target::read(from, known);
  return out;
}

// "all", "60%", or a number.
quorum_rule read_quorum(const config_reader& from, std::size_t targets, bool unfolds) {
  using kind = quorum_rule::kind;
  if (from.value() == "all") {
    return {kind::all, 0};
  }
  if (from.value().is_number_unsigned()) {
    const auto count = from.value().get<std::uint64_t>();
    if (count < 1 || count > targets_max || (!unfolds && count > targets)) {
      from.refuse("there are not so many targets, or none is asked for");
    }
    return {kind::count, count};
  }
  const std::string text = from.value().is_string() ? from.text() : "";
  if (text.size() >= 2 && text.size() <= 4 && text.back() == '%' &&
      std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= '0' && c <= '9'; })) {
    const std::uint64_t percent = std::stoul(text);
    if (percent >= 1 && percent <= 100) {
      return {kind::percent, percent};
    }
  }
  from.refuse("is neither \"all\", a number nor a percentage such as \"60%\"");
}

flows::target read_then(const config_reader& from) {
  from.only({"actor", "parent", "system", "register_ref", "action"});
  return flows::target::read(from, {"input", "scatter.id", "scatter.name"});
}

definition read_scatter(const config_reader& from) {
  from.only({"targets", "quorum", "mode", "timeout", "keep", "then"});
  definition out;
  out.name = from.name();
  bool unfolds = false;
  for (const config_reader& one : from.at("targets").items(1, targets_max)) {
    target_definition made = read_target(one);
    if (std::ranges::find(out.targets, made.name, &target_definition::name) != out.targets.end()) {
      one.at("name").refuse("another target is called \"" + made.name + "\"");
    }
    unfolds = unfolds || made.each.has_value();
    out.targets.push_back(std::move(made));
  }
  const std::optional<config_reader> mode = from.find("mode");
  if (mode && mode->value() != "all" && mode->value() != "first") {
    mode->refuse("is neither \"all\" nor \"first\"");
  }
  const std::optional<config_reader> quorum = from.find("quorum");
  if (mode && mode->value() == "first") {
    if (quorum) {
      quorum->refuse("the first success ends a scatter of mode first");
    }
    out.quorum = {quorum_rule::kind::first, 1};
  } else if (quorum) {
    out.quorum = read_quorum(*quorum, out.targets.size(), unfolds);
  }
  out.timeout_ms = from.duration_ms("timeout", 1, year_ms, 30'000);
  out.keep_ms = from.duration_ms("keep", 1'000, year_ms, 3'600'000);
  if (const std::optional<config_reader> then = from.find("then")) {
    out.then = read_then(*then);
  }
  return out;
}

}  // namespace

std::uint64_t quorum_rule::of(std::size_t targets) const {
  switch (what) {
    case kind::all:
      return targets;
    case kind::percent:
      return std::max<std::uint64_t>(1, (targets * number + 99) / 100);
    default:
      return number;
  }
}

std::vector<definition> read_scatters(const config_reader& config) {
  config.only({"scatters"});
  std::vector<definition> out;
  if (const std::optional<config_reader> scatters = config.find("scatters")) {
    for (const config_reader& one : scatters->named(0, scatters_max)) {
      out.push_back(read_scatter(one));
    }
  }
  return out;
}

}  // namespace spawn::plugin::scatter
