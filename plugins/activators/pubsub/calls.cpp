#include "calls.hpp"

#include <pthread.h>

namespace pubsub {

void io_thread::start() {
  thread_ = std::thread([this] {
    void* what = nullptr;
    bool ok = false;
    while (queue_.Next(&what, &ok)) {
      static_cast<tag*>(what)->happened(ok);
    }
  });
  pthread_setname_np(thread_.native_handle(), "sp.pubsub.io");
}

void io_thread::stop() {
  if (thread_.joinable()) {
    queue_.Shutdown();
    thread_.join();
  }
}

}  // namespace pubsub
