// Listeners, the admin API and the actor hosts.
#include <arpa/inet.h>

#include <array>
#include <map>

#include "config/scalar.hpp"
#include "config/typed.hpp"

namespace spawn::config {
namespace {

// 4 or 6; 0 if `text` is no IP address.
int ip_family(const std::string& text) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) {
    return 4;
  }
  return ::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1 ? 6 : 0;
}

bool valid_network(const std::string& text) {
  const auto slash = text.find('/');
  const int family = ip_family(text.substr(0, slash));
  if (slash == std::string::npos || family == 0) {
    return family != 0;
  }
  const auto bits = read_integer(std::string_view(text).substr(slash + 1));
  return bits && *bits >= 0 && *bits <= (family == 4 ? 32 : 128);
}

void check_ip(const value* v, std::string_view pointer, reading& in) {
  if (v != nullptr && ip_family(v->text) == 0) {
    in.found.add(v->at, pointer, "expected an IP address, got " + to_json(*v, false, true));
  }
}

// "Any address" is one to listen on; whoever is called there is on this machine.
std::string callable(const std::string& address) {
  if (address == "0.0.0.0") {
    return "127.0.0.1";
  }
  return address == "::" ? "::1" : address;
}

void check_host_name(const value* v, std::string_view pointer, reading& in) {
  if (v == nullptr || ip_family(v->text) != 0) {
    return;
  }
  for (const char c : v->text) {
    const bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    c == '.' || c == '-' || c == '_';
    if (!ok) {
      in.found.add(v->at, pointer,
                   "expected an IP address or a host name, got " + to_json(*v, false, true));
      return;
    }
  }
}

void check_absolute(const value* v, std::string_view pointer, reading& in) {
  if (v != nullptr && !v->text.starts_with('/')) {
    in.found.add(v->at, pointer, "expected an absolute path, got " + to_json(*v, false, true));
  }
  if (v != nullptr && v->text.size() > 107) {
    in.found.add(v->at, pointer, "a Unix socket's path has at most 107 bytes");
  }
}

host_address read_host(const value& from) {
  host_address out;
  take(from.find("name"), out.name);
  take(from.find("address"), out.address);
  out.address = callable(out.address);
  take(from.find("port"), out.port);
  take(from.find("service"), out.service);
  if (const value* actors = from.find("actors")) {
    for (const auto& type : actors->items) {
      out.actors.push_back(type.text);
    }
  }
  return out;
}

}  // namespace

void read_network(const value& root, settings& out, reading& in) {
  auto& http = out.gateway.http;
  auto& uds = out.gateway.uds;
  take(at(root, {"gateway", "http", "enabled"}), http.enabled);
  take(at(root, {"gateway", "http", "address"}), http.address);
  check_ip(at(root, {"gateway", "http", "address"}), "/gateway/http/address", in);
  take(at(root, {"gateway", "http", "port"}), http.port);
  take(at(root, {"gateway", "uds", "enabled"}), uds.enabled);
  take(at(root, {"gateway", "uds", "path"}), uds.path);
  check_absolute(at(root, {"gateway", "uds", "path"}), "/gateway/uds/path", in);
  if (!http.enabled && !uds.enabled) {
    const value* enabled = at(root, {"gateway", "http", "enabled"});
    in.found.add(enabled == nullptr ? position{} : enabled->at, "/gateway",
                 "neither http nor uds is enabled: nobody could reach the kernel");
  }
  if (const value* trusted = at(root, {"gateway", "trusted"})) {
    for (std::size_t i = 0; i < trusted->items.size(); ++i) {
      const value& network = trusted->items[i];
      if (!valid_network(network.text)) {
        in.found.add(network.at, pointer_step("/gateway/trusted", std::to_string(i)),
                     "expected an address or a network such as 10.0.0.0/8, got " +
                         to_json(network, false, true));
      }
      out.gateway.trusted.push_back(network.text);
    }
  }
  take(at(root, {"admin", "address"}), out.admin.address);
  check_absolute(at(root, {"admin", "address"}), "/admin/address", in);
  take(at(root, {"admin", "tcp", "address"}), out.admin.tcp_address);
  check_ip(at(root, {"admin", "tcp", "address"}), "/admin/tcp/address", in);
  take(at(root, {"admin", "tcp", "port"}), out.admin.tcp_port);
  take(at(root, {"admin", "tcp", "token"}), out.admin.tcp_token);
}

void read_hosts(const value& root, settings& out, reading& in) {
  take(at(root, {"host", "address"}), out.host.address);
  check_host_name(at(root, {"host", "address"}), "/host/address", in);
  out.host.address = callable(out.host.address);
  take(at(root, {"host", "port"}), out.host.port);
  take(at(root, {"host", "connections"}), out.host.connections);
  take(at(root, {"host", "idle_ms"}), out.host.idle_ms);
  take(at(root, {"host", "connect_ms"}), out.host.connect_ms);
  take(at(root, {"host", "retry_ms"}), out.host.retry_ms);
  out.host.circuit_breaker =
      read_breaker(at(root, {"host", "circuit_breaker"}), "/host/circuit_breaker", in);
  const value* hosts = at(root, {"hosts"});
  if (hosts == nullptr) {
    return;
  }
  std::map<std::string, std::string> owner_of;  // "actor X", "service Y", "host Z" -> host name
  for (std::size_t i = 0; i < hosts->items.size(); ++i) {
    const value& from = hosts->items[i];
    const auto pointer = pointer_step("/hosts", std::to_string(i));
    host_address host = read_host(from);
    check_host_name(from.find("address"), pointer + "/address", in);
    host.circuit_breaker =
        read_breaker(from.find("circuit_breaker"), pointer + "/circuit_breaker", in);
    if (host.actors.empty() == host.service.empty()) {
      in.found.add(from.at, pointer, "expected either actors or service, and not both");
    }
    const auto claim = [&](const value& what, const std::string& name) {
      const auto [first, fresh] = owner_of.emplace(name, host.name);
      if (!fresh) {
        in.found.add(what.at, pointer, name + " is already named by host " + first->second);
      }
    };
    claim(*from.find("name"), "host " + host.name);
    if (const value* actors = from.find("actors")) {
      for (const auto& type : actors->items) {
        claim(type, "actor " + type.text);
      }
    }
    if (const value* service = from.find("service")) {
      claim(*service, "service " + service->text);
    }
    out.hosts.push_back(std::move(host));
  }
}

}  // namespace spawn::config
