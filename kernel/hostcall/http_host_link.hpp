// The host link over HTTP/1.1: one pool per host address, all on one lane.
#pragma once
#include <map>
#include <memory>

#include "hostcall/host_link.hpp"
#include "hostcall/host_pool.hpp"
#include "lane/asio_lane.hpp"

namespace spawn {

// Owns its pools; destroyed on its lane's stop, after the lane's thread has ended. [lane]
class http_host_link final : public host_link {
 public:
  http_host_link(asio_lane& home, const host_link_options& options);
  ~http_host_link() override;
  void send(host_call& call) override;

 private:
  asio_lane& lane_;
  const host_link_options options_;
  std::map<std::pair<std::string, std::uint16_t>, std::unique_ptr<host_pool>> pools_;
  const host_address* last_address_ = nullptr;  // the pool used last, found without a lookup
  std::shared_ptr<const host_address> last_kept_;
  host_pool* last_pool_ = nullptr;
};

}  // namespace spawn
