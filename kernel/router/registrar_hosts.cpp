// What operators ask about hosts: who has registered, and forgetting one. [lane] 0
#include "lane/post.hpp"
#include "router/registrar.hpp"

namespace spawn {

std::vector<host_entry> registrar::hosts() const {
  std::map<std::string, host_entry> by_service;
  for (const auto& [at, entry] : known_) {
    if (!entry.def) {
      continue;
    }
    auto info = wire::read_service_info(entry.encoded_service);
    const std::string service = info ? info->name : std::string();
    host_entry& out = by_service[service];
    if (info) {
      out.service = info->name;
      out.version = info->version;
      out.runtime = info->runtime;
      out.library = info->library;
    }
    if (entry.def->host) {
      out.address = entry.def->host->address;
      out.port = entry.def->host->port;
    }
    out.registered_ms = std::max(out.registered_ms, entry.registered_ms);
    out.actors.push_back(at);
  }
  for (const auto& def : rules_.natives) {
    host_entry& native = by_service[def->host->name];
    native.service = def->host->name;
    native.address = "in process";
    native.actors.emplace_back(def->system, def->type);
  }
  std::vector<host_entry> out;
  for (auto& [service, entry] : by_service) {
    out.push_back(std::move(entry));
  }
  return out;
}

void registrar::forget(std::string_view service, unique_function<void(result<std::size_t>)> done) {
  std::vector<key> gone;
  for (const auto& [at, entry] : known_) {
    auto info = wire::read_service_info(entry.encoded_service);
    if (info && info->name == service) {
      gone.push_back(at);
    }
  }
  struct shared {
    unique_function<void(result<std::size_t>)> done;
    std::size_t left = 0;
    std::size_t removed = 0;
    std::optional<error> failed;
  };
  auto all = std::make_shared<shared>();
  all->done = std::move(done);
  all->left = gone.size() + 1;
  const auto one_done = [all] {
    if (--all->left == 0) {
      all->done(all->failed ? result<std::size_t>(fail(*all->failed))
                            : result<std::size_t>(all->removed));
    }
  };
  for (const auto& at : gone) {
    records_.remove(*registration_key(at.first, at.second), known_[at].version,
                    [this, at, all, one_done](result<record_version> removed) {
                      if (removed) {
                        known_.erase(at);
                        ++all->removed;
                        for (lane_router* router : routers_) {
                          post(router->home(),
                               [router, at] { router->uninstall(at.first, at.second); });
                        }
                      } else {
                        all->failed = removed.error();
                      }
                      one_done();
                    });
  }
  one_done();
}

}  // namespace spawn
