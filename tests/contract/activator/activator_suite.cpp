#include "contract/activator/activator_suite.hpp"

#include "contract/activator/bench.hpp"

namespace contract {

std::vector<check> activator_checks(broker& source) {
  std::vector<check> out;
  for (const auto& part : {window_checks(), delivery_checks(), settle_checks(), again_checks(),
                           life_checks(), sink_checks()}) {
    for (const bench_check& one : part) {
      out.push_back({one.id,
                     [&source, run = one.run](const target& t) {
                       bench on(t, source);
                       run(on);
                       on.verify();
                     },
                     one.promise});
    }
  }
  return out;
}

}  // namespace contract
