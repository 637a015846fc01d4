#include "plugin/contain.hpp"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace spawn {
namespace {

struct job {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  bool given_up = false;
  std::string threw;
  unique_function<void()> run;
  unique_function<void()> afterwards;
};

void work(job& j) {
  std::string threw = contained([&] { j.run(); });
  std::unique_lock hold(j.mutex);
  j.threw = std::move(threw);
  j.done = true;
  if (j.given_up && j.afterwards) {
    hold.unlock();
    static_cast<void>(contained([&] { j.afterwards(); }));
    return;
  }
  j.changed.notify_all();
}

}  // namespace

void name_plugin_thread(const std::string& name) noexcept {
  char text[16] = "sp.";
  const std::size_t n = std::min<std::size_t>(name.size(), 12);
  name.copy(text + 3, n);
  text[3 + n] = '\0';
  ::pthread_setname_np(::pthread_self(), text);
}

timed_call run_within(const std::string& name, std::uint64_t limit_ms, unique_function<void()> f,
                      unique_function<void()> afterwards) {
  auto j = std::make_shared<job>();
  j->run = std::move(f);
  j->afterwards = std::move(afterwards);
  std::thread thread([j, name] {
    name_plugin_thread(name);
    work(*j);
  });
  std::unique_lock hold(j->mutex);
  if (!j->changed.wait_for(hold, std::chrono::milliseconds(limit_ms), [&] { return j->done; })) {
    j->given_up = true;
    thread.detach();
    return {true, {}};
  }
  timed_call out{false, j->threw};
  hold.unlock();
  thread.join();
  return out;
}

}  // namespace spawn
