#include "plugin/ports/shared_store_port.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/limits.hpp"
#include "plugin/lane_barrier.hpp"
#include "plugin/ports/group_batch.hpp"

namespace spawn {

// The queue and whoever empties it. A thread that hangs in the plugin keeps it.
struct shared_store_port::shared {
  struct drain_task : task {
    shared* owner = nullptr;
  };

  shared(std::shared_ptr<instance_core> c, const spawn_statestore* t)
      : core(std::move(c)), table(t) {
    on_lane.owner = this;
    on_lane.run = [](task& self) { static_cast<drain_task&>(self).owner->work_off(); };
  }

  // [any lane]
  void push(std::span<spawn_op* const> ops, bool own_thread) {
    mpsc_node* newest = nullptr;
    mpsc_node* oldest = nullptr;
    for (spawn_op* raw : ops) {
      mpsc_node* node = static_cast<port_op*>(raw->host_private[0]);
      node->mpsc_next = newest;
      newest = node;
      oldest = oldest == nullptr ? node : oldest;
    }
    if (!queue.push_chain(newest, oldest)) {
      return;  // whoever made it non-empty has woken the consumer
    }
    if (own_thread) {
      ring();
    } else {
      (*core->loops.lanes)[0].post(on_lane);
    }
  }

  // The thread sleeps on the bell only if it has not rung since it last looked at the queue; no
  // lock, and no system call unless it sleeps. [any]
  void ring() noexcept {
    bell.fetch_add(1, std::memory_order_seq_cst);
    bell.notify_one();
  }

  // [consumer]
  void work_off() {
    take();
    std::size_t done = 0;
    while (done < waiting.size() && !given_up) {
      const auto rest = std::span<spawn_op* const>(waiting).subspan(done);
      const std::size_t n = next_batch(rest, limits::in_force.group_ops);
      hand_over(rest.first(n));
      done += n;
      if (done == waiting.size()) {
        waiting.clear();
        done = 0;
        take();
      }
    }
    waiting.clear();
  }

  void take() {
    for (mpsc_node* node = queue.take_all(); node != nullptr; node = node->mpsc_next) {
      // The node is read before its op can end, which makes it part of another queue.
      waiting.push_back(static_cast<port_op*>(node)->header);
    }
  }

  void hand_over(std::span<spawn_op* const> ops) {
    std::string why;
    if (core->host.faulted()) {
      core->refuse(ops);
      core->ended_here += ops.size();
      return;
    }
    if (!channel.open(*core, *table, 0, why)) {
      for (spawn_op* raw : ops) {
        end_here(*raw, errc::unavailable, why);
      }
      core->ended_here += ops.size();
      return;
    }
    // Ops may end and fly again on their lanes before submit returns: only those of this very
    // flight may be ended here after an exception.
    for (spawn_op* raw : ops) {
      auto* op = static_cast<port_op*>(raw->host_private[0]);
      pending.push_back({op, op->generation.load(std::memory_order_relaxed)});
    }
    const bool returned = core->call(channel.times, "submit", may_block, [&] {
      table->submit(channel.handle, ops.data(), static_cast<std::uint32_t>(ops.size()));
    });
    for (const auto& [op, generation] : pending) {
      if (!returned && op->generation.load(std::memory_order_acquire) == generation &&
          end_here(*op->header, errc::internal, "the statestore plugin threw an exception")) {
        ++core->ended_here;
      }
    }
    pending.clear();
  }

  void loop() {
    name_plugin_thread(core->name);
    while (!stopping) {
      const std::uint32_t heard = bell.load(std::memory_order_seq_cst);
      if (queue.empty()) {
        bell.wait(heard);
      }
      work_off();
    }
    if (!given_up && core->in_flight() == 0) {
      channel.close(*core, *table);
    }
    const std::lock_guard hold(mutex);
    ended = true;
    changed.notify_all();
  }

  const std::shared_ptr<instance_core> core;
  const spawn_statestore* const table;
  mpsc_queue queue;
  drain_task on_lane;
  bool may_block = false;

  // [consumer]
  store_channel channel;
  std::vector<spawn_op*> waiting;
  std::vector<std::pair<port_op*, std::uint32_t>> pending;

  std::atomic<std::uint32_t> bell{0};
  std::atomic<bool> stopping{false};

  std::mutex mutex;
  std::condition_variable changed;  // ended
  bool ended = false;
  // Nobody waits any more: when the plugin returns at last, the thread leaves it alone.
  std::atomic<bool> given_up{false};
  std::thread thread;
};

shared_store_port::shared_store_port(std::shared_ptr<instance_core> core,
                                     const spawn_statestore* table, bool own_thread)
    : registered_port(core),
      shared_(std::make_shared<shared>(core, table)),
      flights_(core->loops.lanes->size()),
      capabilities_(table->capabilities(core->raw)) {
  shared_->may_block = own_thread;
  if (own_thread) {
    shared_->thread = std::thread([s = shared_] { s->loop(); });
  }
}

shared_store_port::~shared_store_port() {
  if (shared_->thread.joinable()) {
    static_cast<void>(close(false, 1'000));
  }
  retire();
}

void shared_store_port::submit(lane& from, std::span<spawn_op* const> ops) {
  if (ops.empty()) {
    return;
  }
  if (!core_->accepts()) {
    core_->refuse(ops);
    return;
  }
  flights_[from.index()].add(ops, from.now_ns());
  shared_->push(ops, shared_->may_block);
}

std::uint64_t shared_store_port::submitted() const noexcept {
  std::uint64_t n = 0;
  for (const store_flights& f : flights_) {
    n += f.submitted.load(std::memory_order_acquire);
  }
  return n;
}

void shared_store_port::add_times(call_times& sum) const noexcept {
  shared_->channel.times.add_to(sum);
}

void shared_store_port::list_unfinished(std::vector<unfinished_op>& out) const {
  for (std::uint32_t i = 0; i < flights_.size(); ++i) {
    flights_[i].log.list(core_->time.now_ns(), i, out);
  }
}

result<void> shared_store_port::close(bool lanes_run, std::uint64_t limit_ms) {
  if (!shared_->may_block) {
    return on_each_lane(*core_->loops.lanes, lanes_run, limit_ms, [s = shared_](lane& at) {
      if (at.index() == 0 && s->core->in_flight() == 0) {
        s->channel.close(*s->core, *s->table);
      }
    });
  }
  if (!shared_->thread.joinable()) {
    return {};
  }
  shared_->stopping = true;
  shared_->ring();
  std::unique_lock hold(shared_->mutex);
  const bool ended = shared_->changed.wait_for(hold, std::chrono::milliseconds(limit_ms),
                                               [&] { return shared_->ended; });
  shared_->given_up = !ended;
  hold.unlock();
  if (ended) {
    shared_->thread.join();
    return {};
  }
  shared_->thread.detach();
  return fail(errc::deadline, "instance " + core_->name +
                                  ": its thread did not return from the "
                                  "plugin within " +
                                  std::to_string(limit_ms) + " ms");
}

}  // namespace spawn
