#include "admin/type_directory.hpp"

#include <algorithm>

#include "admin/admin_context.hpp"
#include "lane/post.hpp"

namespace spawn {

void type_directory::ask_all(const admin_context& from) {
  for (lane_router* router : from.routers) {
    post(router->home(), [known = from.known, router, journals = from.journals] {
      known->tell(*router, journals);
    });
  }
}

void type_directory::tell(lane_router& router,
                          const std::vector<std::pair<std::string, journal*>>& journals) {
  const std::lock_guard hold(mutex_);
  router.for_each_type([&](actor_type& type) {
    if (!seen_.insert(&type).second) {
      return;
    }
    key name{type.now->system, type.now->type};
    const std::string joined = name.first + '\0' + name.second;
    if (!names_.contains(joined)) {
      if (names_.size() < types_max) {
        names_.insert(joined);
      } else {
        name.second = "_other";
      }
    }
    types_.push_back({std::move(name), &type});
  });
  for (const auto& [store, writes] : journals) {
    if (&writes->home() == &router.home()) {
      const journal_counters& n = writes->counters();
      journals_[writes] = {store, {n.batches, n.ops, n.largest}};
    }
  }
}

std::map<type_directory::key, type_counts> type_directory::types() const {
  const std::lock_guard hold(mutex_);
  std::map<key, type_counts> out;
  for (const known_type& each : types_) {
    type_counts& sum = out[each.name];
    sum.ok += each.counts->ok.get();
    sum.failed += each.counts->failed.get();
  }
  return out;
}

std::map<std::string, journal_totals> type_directory::journals() const {
  const std::lock_guard hold(mutex_);
  std::map<std::string, journal_totals> out;
  for (const auto& [at, sample] : journals_) {
    journal_totals& sum = out[sample.first];
    sum.batches += sample.second.batches;
    sum.ops += sample.second.ops;
    sum.largest = std::max(sum.largest, sample.second.largest);
  }
  return out;
}

}  // namespace spawn
