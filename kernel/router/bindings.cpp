#include "router/bindings.hpp"

#include "router/identity.hpp"
#include "wire/reader.hpp"

namespace spawn {
namespace {

constexpr std::string_view type_url = "spawn.kernel/Binding";

}  // namespace

std::string bindings::encode(std::string_view parent, std::uint64_t restore_revision) {
  std::string out;
  wire::put_text(out, 1, parent);
  wire::put_number(out, 2, restore_revision);
  return out;
}

result<void> bindings::decode(std::string_view bytes, binding& into) {
  wire::reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        into.parent = r.text();
        break;
      case 2:
        into.restore_revision = r.varint();
        break;
      default:
        r.skip();
    }
  }
  if (!r.ok()) {
    return fail(errc::corrupt, "the record is not a binding");
  }
  return {};
}

bindings::entry& bindings::slot(std::string_view system, std::string_view name) {
  entry& out = by_name_[identity_key({system, {}, name}).text()];
  if (!out.known) {
    out.known = std::make_unique<binding>();
    out.known->system = system;
    out.known->name = name;
  }
  return out;
}

binding* bindings::find(std::string_view system, std::string_view name) {
  const auto found = by_name_.find(identity_key({system, {}, name}).view());
  if (found == by_name_.end() || found->second.known->parent.empty()) {
    return nullptr;
  }
  return found->second.known.get();
}

void bindings::bind(std::string_view system, std::string_view name, std::string_view parent,
                    std::uint64_t restore_revision, done_fn done) {
  entry& of = slot(system, name);
  if (of.changes.empty()) {
    if (of.known->parent == parent &&
        (restore_revision == 0 || of.known->restore_revision == restore_revision)) {
      done({});
      return;
    }
  } else if (of.changes.back().parent == parent &&
             of.changes.back().restore_revision == restore_revision) {
    of.changes.back().done.push_back(std::move(done));
    return;
  }
  change wanted;
  wanted.parent = parent;
  wanted.restore_revision = restore_revision;
  wanted.done.push_back(std::move(done));
  of.changes.push_back(std::move(wanted));
  if (of.changes.size() == 1) {
    write_first(of);
  }
}

void bindings::unbind(std::string_view system, std::string_view name, done_fn done) {
  const auto found = by_name_.find(identity_key({system, {}, name}).view());
  if (found == by_name_.end() ||
      (found->second.changes.empty() && found->second.known->parent.empty()) ||
      (found->second.changes.empty() && found->second.known->version.revision == 0)) {
    done({});
    return;
  }
  entry& of = found->second;
  change wanted;
  wanted.done.push_back(std::move(done));
  of.changes.push_back(std::move(wanted));
  if (of.changes.size() == 1) {
    write_first(of);
  }
}

void bindings::write_first(entry& of) {
  const change& wanted = of.changes.front();
  auto key = binding_key(of.known->system, of.known->name);
  if (!key) {
    change failed = std::move(of.changes.front());
    of.changes.erase(of.changes.begin());
    for (auto& done : failed.done) {
      done(fail(key.error()));
    }
    return;
  }
  auto written = [this, &of](result<record_version> put) {
    change ended = std::move(of.changes.front());
    of.changes.erase(of.changes.begin());
    if (put) {
      of.known->version = *put;
      of.known->parent = ended.parent;
      of.known->restore_revision = ended.restore_revision;
    }
    if (!of.changes.empty()) {
      write_first(of);
    }
    for (auto& done : ended.done) {
      done(put ? result<void>() : fail(put.error()));
    }
  };
  if (wanted.parent.empty()) {
    writer_.remove(std::move(*key), of.known->version, std::move(written));
  } else {
    writer_.put(std::move(*key), std::string(type_url),
                encode(wanted.parent, wanted.restore_revision), of.known->version,
                std::move(written));
  }
}

void bindings::restored(std::string_view system, std::string_view name) {
  binding* known = find(system, name);
  if (known == nullptr || known->restore_revision == 0) {
    return;
  }
  known->restore_revision = 0;
  entry& of = slot(system, name);
  change wanted;
  wanted.parent = known->parent;
  of.changes.push_back(std::move(wanted));
  if (of.changes.size() == 1) {
    write_first(of);
  }
}

}  // namespace spawn
