#include "contract/activator/bench.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

namespace contract {
namespace {

// Asks every 20 ms until it holds, for as long as the broker is patient.
template <class F>
void poll(const broker& source, const std::string& what, F&& holds) {
  const auto end = std::chrono::steady_clock::now() + source.patience();
  while (!holds()) {
    require(std::chrono::steady_clock::now() < end, "waited too long for " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

}  // namespace

std::vector<letter> bench::publish(const std::string& prefix, std::size_t n, std::size_t keys) {
  std::vector<letter> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::string number = std::to_string(i);
    number.insert(0, 5 - std::min<std::size_t>(5, number.size()), '0');
    out[i].body = prefix + "-" + number;
    out[i].id = "id-" + out[i].body;
    out[i].key = "key-" + std::to_string(i % keys);
  }
  source.publish(out);
  return out;
}

std::vector<std::string> bench::marks(const std::vector<seen>& all) const {
  std::vector<std::string> out;
  for (const seen& one : all) {
    out.push_back(mark(one));
  }
  return out;
}

void bench::wait_empty() {
  if (source.waiting()) {
    poll(source, "the source to be empty", [&] { return source.waiting() == 0; });
  }
}

void bench::finish(source_client& with) {
  if (source.waiting()) {
    poll(source, "the source to be empty", [&] {
      with.settle(with.take_rest(), SPAWN_ACK);
      return source.waiting() == 0;
    });
  }
}

void bench::wait_dead(const std::multiset<std::string>& expected) {
  if (source.dead_letters()) {
    poll(source, std::to_string(expected.size()) + " dead letters", [&] {
      const auto now = *source.dead_letters();
      return std::multiset<std::string>(now.begin(), now.end()) == expected;
    });
  }
}

std::vector<std::string> bodies(const std::vector<letter>& letters) {
  std::vector<std::string> out;
  for (const letter& one : letters) {
    out.push_back(one.body);
  }
  return out;
}

void require_same(const std::vector<std::string>& got, const std::vector<std::string>& expected,
                  const std::string& what) {
  const std::multiset<std::string> have(got.begin(), got.end());
  const std::multiset<std::string> want(expected.begin(), expected.end());
  for (const std::string& one : want) {
    require(have.contains(one), what + ": " + one + " did not come");
  }
  for (const std::string& one : have) {
    require(have.count(one) == want.count(one),
            what + ": " + std::string(described(std::string_view(one))) + " came " +
                std::to_string(have.count(one)) + " times, expected " +
                std::to_string(want.count(one)));
  }
}

void needs(bool holds, const char* why) {
  if (!holds) {
    throw skipped{why};
  }
}

}  // namespace contract
