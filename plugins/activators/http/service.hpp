// What a connection asks: which route a request takes, and what to answer.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "desk.hpp"
#include "intake.hpp"
#include "messages.hpp"
#include "settings.hpp"

namespace http_activator {

// Life: as long as the instance. [session]
class service {
 public:
  service(const settings& with, spawn::plugin::host_ref host, desk& waiting)
      : with_(with), host_(host), desk_(waiting) {}
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  // The route of a request whose body is not there yet, or the answer that it gets without. Fills
  // the request's path, params and query.
  [[nodiscard]] fallible<const route*> admit(request& from, std::string_view target) const;
  // After admit, with the body.
  boost::asio::awaitable<answer> serve(const route& taken, request from);

  [[nodiscard]] const settings& with() const noexcept { return with_; }
  [[nodiscard]] std::string date() const;

  // Bytes of bodies on their way in. False: there are too many.
  [[nodiscard]] bool take_bytes(std::uint64_t bytes) noexcept;
  void give_bytes(std::uint64_t bytes) noexcept { reading_bytes_ -= bytes; }

 private:
  boost::asio::awaitable<answer> deliver(deliveries all, std::string accept);

  const settings& with_;
  const spawn::plugin::host_ref host_;
  desk& desk_;
  std::uint64_t reading_bytes_ = 0;
};

}  // namespace http_activator
