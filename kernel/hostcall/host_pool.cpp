#include "hostcall/host_pool.hpp"

#include "hostcall/host_connection.hpp"

namespace spawn {
namespace asio = boost::asio;

host_pool::host_pool(lane& home, asio::io_context& io, std::shared_ptr<const host_address> to,
                     const host_link_options& options)
    : lane_(home), io_(io), to_(std::move(to)), options_(options) {
  boost::system::error_code failed;
  const std::string text = to_->address == "localhost" || to_->address == "0.0.0.0"
                               ? std::string("127.0.0.1")
                               : to_->address;
  const auto address = asio::ip::make_address(text, failed);
  endpoint_known_ = !failed;
  if (endpoint_known_) {
    endpoint_ = asio::ip::tcp::endpoint(address, to_->port);
  }
  request_head_ = "POST /api/v1/actors/actions HTTP/1.1\r\nhost: " + to_->address + ":" +
                  std::to_string(to_->port) +
                  "\r\nuser-agent: spawn-kernel\r\nconnection: keep-alive\r\n"
                  "content-type: application/octet-stream\r\ncontent-length: ";
  expiry_.pool = this;
  expiry_.fire = [](timer& t) { static_cast<expiry_timer&>(t).pool->expire_waiting(); };
  finish_task_.pool = this;
  finish_task_.run = [](task& t) {
    auto& mine = static_cast<finish_task&>(t);
    mine.queued = false;
    intrusive_list<host_call, host_call_tag> ended;
    ended.splice_back(mine.pool->finished_);
    while (host_call* call = ended.pop_front()) {
      call->done(*call);
    }
  };
}

host_pool::~host_pool() {
  while (host_connection* connection = all_.pop_front()) {
    connection->abandon();
  }
}

void host_pool::send(host_call& call) {
  if (host_connection* connection = idle_.pop_front()) {
    connection->start(call);
    return;
  }
  if (open_ < options_.connections_max) {
    open_connection(call);
    return;
  }
  if (waiting_count_ >= options_.waiting_max) {
    call.held = held_back::connections;
    finish(call, host_result::refused, "too many calls wait for the host");
    return;
  }
  ++waiting_count_;
  waiting_.push_back(call);
  arm_expiry(call);
}

void host_pool::open_connection(host_call& call) {
  auto connection = std::make_shared<host_connection>(*this, io_);
  ++open_;
  all_.push_back(*connection);
  connection->open(call);
}

void host_pool::finish(host_call& call, host_result result, std::string why) {
  call.result = result;
  call.why = std::move(why);
  finished_.push_back(call);
  if (!finish_task_.queued) {
    finish_task_.queued = true;
    lane_.defer(finish_task_);
  }
}

void host_pool::connection_idle(host_connection& connection) {
  if (host_call* next = waiting_.pop_front()) {
    --waiting_count_;
    connection.start(*next);
    return;
  }
  idle_.push_front(connection);  // the warmest first, so that the rest can go idle and close
}

void host_pool::connection_closed(host_connection& connection) {
  static_cast<list_hook<idle_tag>&>(connection).unlink();
  static_cast<list_hook<all_tag>&>(connection).unlink();
  --open_;
  start_waiting();
}

void host_pool::start_waiting() {
  while (open_ < options_.connections_max) {
    host_call* next = waiting_.pop_front();
    if (next == nullptr) {
      return;
    }
    --waiting_count_;
    open_connection(*next);
  }
}

void host_pool::arm_expiry(const host_call& call) {
  if (!expiry_.is_linked() || call.deadline_ns < expiry_.due_ms * ns_per_ms) {
    lane_.timers().arm(expiry_, call.deadline_ns);
  }
}

void host_pool::expire_waiting() {
  const std::uint64_t now = lane_.now_ns();
  waiting_.for_each([&](host_call& call) {
    if (call.deadline_ns <= now) {
      static_cast<list_hook<host_call_tag>&>(call).unlink();
      --waiting_count_;
      call.held = held_back::connections;
      finish(call, host_result::refused, "no connection to the host became free in time");
    }
  });
  waiting_.for_each([&](host_call& call) { arm_expiry(call); });
}

}  // namespace spawn
