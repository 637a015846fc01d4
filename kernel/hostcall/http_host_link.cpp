#include "hostcall/http_host_link.hpp"

namespace spawn {

http_host_link::http_host_link(asio_lane& home, const host_link_options& options)
    : lane_(home), options_(options) {}

http_host_link::~http_host_link() = default;

void http_host_link::send(host_call& call) {
  if (call.to.get() != last_address_) {
    auto& pool = pools_[{call.to->address, call.to->port}];
    if (!pool) {
      pool = std::make_unique<host_pool>(lane_, lane_.io(), call.to, options_);
    }
    last_kept_ = call.to;
    last_address_ = call.to.get();
    last_pool_ = pool.get();
  }
  last_pool_->send(call);
}

}  // namespace spawn
