#include "suite_tests.hpp"

#include <algorithm>

#include "subject.hpp"

namespace spawn::check {
namespace {

// The id of a check is a sentence already.
std::string sentence(std::string id) {
  id.erase(0, id.find('.') + 1);
  std::replace(id.begin(), id.end(), '_', ' ');
  return id;
}

}  // namespace

test_list suite_tests(const std::string& kind, const std::vector<contract::check>& checks) {
  test_list out;
  for (const contract::check& one : checks) {
    std::string id = one.id.starts_with(kind + ".") ? one.id : kind + "." + one.id;
    out.push_back({std::move(id), one.promise.empty() ? sentence(one.id) : one.promise,
                   [run = one.run](subject& s) { run(s.target()); }});
  }
  return out;
}

}  // namespace spawn::check
