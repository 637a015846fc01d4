#include "contract/activator/http/kernel_stub.hpp"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

#include "contract/common/loaded_plugin.hpp"

namespace contract {

namespace {

using spawn::plugin::slice;
using spawn::plugin::text;
constexpr auto patience = std::chrono::seconds(30);

const spawn_plugin_entry* loaded() {
  static const spawn_plugin_entry* const entry = load_plugin(SPAWN_TEST_PLUGIN);
  return entry;
}

std::vector<spawn_kv> raw_of(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::vector<spawn_kv> out;
  for (const auto& [key, value] : headers) {
    out.push_back({slice(key), slice(value)});
  }
  return out;
}

}  // namespace

std::string offered::header(const std::string& wanted) const {
  for (const auto& [key, value] : headers) {
    if (key == wanted) {
      return value;
    }
  }
  return "(none)";
}

verdict_of_test json_reply(const std::string& json) {
  verdict_of_test out;
  out.presence = SPAWN_P_VALUE;
  out.type_url = "type.googleapis.com/eigr.functions.protocol.JSONType";
  out.value = std::string("\x0a", 1) + static_cast<char>(json.size()) + json;
  return out;
}

verdict_of_test failure(spawn_status status, const std::string& error, std::uint32_t verdict) {
  verdict_of_test out;
  out.verdict = verdict;
  out.status = status;
  out.error = error;
  return out;
}

std::string config_with(const std::string& routes, const std::string& more) {
  return R"({"port": 0, )" + more + R"("routes": [)" + routes + "]}";
}

kernel_stub::kernel_stub(const std::string& config, actor answers) : answers_(std::move(answers)) {
  host_.owner = this;
  services_.struct_size = sizeof(services_);
  services_.offer = [](const spawn_host* h, std::uint32_t, const spawn_delivery* const* d,
                       std::uint32_t n) -> std::uint32_t {
    auto& stub =
        *static_cast<stub_host*>(static_cast<spawn::plugin::testing::fake_host*>(h->host_data))
             ->owner;
    for (std::uint32_t i = 0; i < n; ++i) {
      stub.offer(*d[i]);
    }
    return n;
  };
  services_.lag = [](const spawn_host*, spawn_slice, std::uint64_t, std::uint64_t) {};
  host_.offer_interface(SPAWN_HOST_ACTIVATOR, &services_);
  instance_ = std::make_unique<spawn::plugin::testing::fake_instance>(host_, loaded(), config);
  if (!instance_->start()) {
    throw std::runtime_error(instance_->error());
  }
  table_ = instance_->interface<spawn_activator>(SPAWN_ACTIVATOR);
  lane_thread_ = std::thread([this] {
    std::unique_lock hold(mutex_);
    while (!over_ || !tasks_.empty()) {
      changed_.wait(hold, [&] { return over_ || !tasks_.empty(); });
      while (!tasks_.empty()) {
        const auto task = std::move(tasks_.front());
        tasks_.pop_front();
        hold.unlock();
        task();
        hold.lock();
      }
    }
  });
  on_lane_now([this] {
    EXPECT_EQ(table_->lane_open(instance_->raw(), 0, &lane_), SPAWN_OK);
    table_->set_window(lane_, 100, 0);
  });
  port_ = is_serving() ? wait_port() : 0;
}

kernel_stub::~kernel_stub() {
  on_lane_now([this] { table_->lane_close(lane_); });
  {
    const std::lock_guard hold(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  lane_thread_.join();
  instance_.reset();
  for (const auto& what : host_.violations()) {
    ADD_FAILURE() << what;
  }
}

// Of the line that says where it listens.
std::uint16_t kernel_stub::wait_port() {
  for (const auto& line : host_.log()) {
    if (const auto at = line.text.find("port="); at != std::string::npos) {
      return static_cast<std::uint16_t>(std::stoul(line.text.substr(at + 5)));
    }
  }
  throw std::runtime_error("the log does not say the port");
}

void kernel_stub::on_lane(std::function<void()> task) {
  const std::lock_guard hold(mutex_);
  tasks_.push_back(std::move(task));
  changed_.notify_all();
}

void kernel_stub::on_lane_now(const std::function<void()>& task) {
  std::promise<void> done;
  on_lane([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void kernel_stub::offer(const spawn_delivery& d) {
  offered one;
  one.token = d.token;
  one.deadline_ns = d.deadline_ns;
  one.flags = d.flags;
  one.presence = d.payload.presence;
  for (const auto& [to, from] : {std::pair{&one.source, &d.source},
                                 {&one.system, &d.to.system},
                                 {&one.parent, &d.to.parent},
                                 {&one.name, &d.to.name},
                                 {&one.register_ref, &d.register_ref},
                                 {&one.action, &d.action},
                                 {&one.content_type, &d.content_type},
                                 {&one.type_url, &d.payload.type_url},
                                 {&one.payload, &d.payload.value},
                                 {&one.order_key, &d.order_key},
                                 {&one.dedup_id, &d.dedup_id}}) {
    *to = text(*from);
  }
  for (std::uint32_t i = 0; i < d.n_headers; ++i) {
    one.headers.emplace_back(text(d.headers[i].key), text(d.headers[i].value));
  }
  spawn_buf owner = d.owner;
  spawn::plugin::release(owner);
  if (answers_) {
    on_lane([this, one] {
      if (const auto verdict = answers_(one)) {
        settle_here(one.token, *verdict);
      }
    });
  }
  const std::lock_guard hold(mutex_);
  inbox_.push_back(std::move(one));
  changed_.notify_all();
}

http_reply kernel_stub::ask(std::string_view method, std::string_view target,
                            std::string_view headers, std::string_view body) {
  http_client http;
  if (!http.connect(port_) || !http.send(http_request_text(method, target, headers, body))) {
    return {};
  }
  return http.receive(patience, method == "HEAD").value_or(http_reply{});
}

offered kernel_stub::take() {
  std::unique_lock hold(mutex_);
  if (!changed_.wait_for(hold, patience, [&] { return !inbox_.empty(); })) {
    throw std::runtime_error("no delivery came");
  }
  offered out = std::move(inbox_.front());
  inbox_.pop_front();
  return out;
}

std::size_t kernel_stub::untaken() {
  const std::lock_guard hold(mutex_);
  return inbox_.size();
}

void kernel_stub::settle(std::uint64_t token, const verdict_of_test& with) {
  on_lane_now([&] { settle_here(token, with); });
}

void kernel_stub::settle_here(std::uint64_t token, const verdict_of_test& with) {
  const auto headers = raw_of(with.headers);
  spawn_settle raw{};
  raw.struct_size = sizeof(raw);
  raw.token = token;
  raw.verdict = with.verdict;
  raw.delay_ms = with.delay_ms;
  raw.status = with.status;
  raw.error = slice(with.error);
  raw.reply = {with.presence, 0, slice(with.type_url), slice(with.value)};
  raw.reply_headers = headers.data();
  raw.n_reply_headers = static_cast<std::uint32_t>(headers.size());
  const spawn_settle* const one = &raw;
  table_->settle(lane_, &one, 1);
}

void kernel_stub::set_window(std::uint32_t window, bool pause) {
  on_lane_now([this, window, pause] { table_->set_window(lane_, window, pause ? 1 : 0); });
}

void kernel_stub::quiesce() {
  quiescing_.struct_size = sizeof(quiescing_);
  host_.expect(&quiescing_);
  instance_->raw()->vt->quiesce(instance_->raw(), &quiescing_);
  ASSERT_TRUE(host_.wait(&quiescing_));
}

bool kernel_stub::is_serving() {
  const auto said = host_.health();
  return !said.empty() && said.back().serving;
}

bool kernel_stub::wait_serving(bool serving) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (is_serving() != serving || host_.health().empty()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  port_ = serving ? wait_port() : port_;
  return true;
}

}  // namespace contract
