// bench: what one check of the activator suite works with: a queue nobody has used, and one
// instance over it after the other.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "contract/activator/broker.hpp"
#include "contract/activator/source_client.hpp"
#include "contract/common/check.hpp"

namespace contract {

class bench {
 public:
  bench(const target& under_test, broker& with) : bench(under_test.entry, with) {}
  bench(const spawn_plugin_entry* entry, broker& with)
      : source(with), config(with.fresh_config()), entry_(entry) {}

  broker& source;
  const std::string config;

  // A started instance that is connected, with this window.
  std::unique_ptr<source_client> client(std::uint32_t window = 0) {
    auto out = bare_client();
    out->wait_serving(true);
    if (window != 0) {
      out->set_window(window);
    }
    return out;
  }
  // A started instance that may never connect.
  std::unique_ptr<source_client> bare_client() { return bare_client(config); }
  std::unique_ptr<source_client> bare_client(const std::string& other_config) {
    return std::make_unique<source_client>(entry_, source, other_config, kept_);
  }

  // n letters with bodies prefix-0000 ..., over `keys` keys in turn, published.
  std::vector<letter> publish(const std::string& prefix, std::size_t n, std::size_t keys = 1);

  [[nodiscard]] std::string mark(const seen& one) const {
    return source.mark(one.payload, one.dedup_id);
  }
  [[nodiscard]] std::vector<std::string> marks(const std::vector<seen>& all) const;

  // After the check, when all instances are gone: none of them broke a rule.
  void verify() {
    require(kept_.breaches.empty(),
            kept_.breaches.empty() ? std::string_view() : kept_.breaches.front());
  }
  // Waits until the source holds no message any more, where it can be asked.
  void wait_empty();
  // The same, and what comes again meanwhile, since its verdict was lost on the way, is
  // acknowledged.
  void finish(source_client& with);
  // Waits until the source's dead letters are exactly these bodies, in any order.
  void wait_dead(const std::multiset<std::string>& bodies);

  // What outlives the instances. While none runs, it may be changed.
  [[nodiscard]] lasting& kept() noexcept { return kept_; }
  [[nodiscard]] const spawn_plugin_entry* entry() const noexcept { return entry_; }

 private:
  const spawn_plugin_entry* entry_;
  lasting kept_;
};

[[nodiscard]] std::vector<std::string> bodies(const std::vector<letter>& letters);
// Fails unless both hold the same marks as often, in any order.
void require_same(const std::vector<std::string>& got, const std::vector<std::string>& expected,
                  const std::string& what);
// Skips the check unless it holds.
void needs(bool holds, const char* why);

}  // namespace contract
