// The activator contract over the sample activator, which keeps every rule; and over the same with
// one rule broken after the other: the suite has to see each.
#include <filesystem>

#include "contract/activator/activator_main.hpp"
#include "contract/common/temp_dir.hpp"
#include "fixtures/activators/folder_queue.hpp"

namespace {

using contract::letter;

fixture::filed filed_of(const letter& one) {
  return {0, one.key, one.id, one.content_type, one.body, one.with};
}

class folder_broker : public contract::broker {
 public:
  explicit folder_broker(std::string fault = {}) : fault_(std::move(fault)) {}

  // A sound activator is waited for; one with a fault must not hold the tests up.
  [[nodiscard]] std::chrono::milliseconds patience() const override {
    return std::chrono::milliseconds(fault_.empty() ? 30'000 : 2'500);
  }
  [[nodiscard]] std::chrono::milliseconds quiet() const override {
    return std::chrono::milliseconds(200);
  }
  std::string fresh_config() override {
    come_back();
    root_ = dir_.path("queue" + std::to_string(++made_));
    queue().make();
    return R"({"fault": ")" + fault_ + R"(", "folder": ")" + root_ + R"("})";
  }
  void publish(std::span<const letter> letters) override {
    for (const letter& one : letters) {
      queue().add("queue", filed_of(one));
    }
  }
  [[nodiscard]] std::optional<std::uint64_t> waiting() override {
    return queue().numbers("queue").size();
  }
  [[nodiscard]] std::optional<std::vector<std::string>> dead_letters() override {
    std::vector<std::string> out;
    for (const fixture::filed& one : queue().all("dead")) {
      out.push_back(one.body);
    }
    return out;
  }
  bool go_away() override {
    std::filesystem::rename(root_, root_ + ".away");
    return true;
  }
  void come_back() override {
    if (std::filesystem::exists(root_ + ".away")) {
      std::filesystem::rename(root_ + ".away", root_);
    }
  }
  [[nodiscard]] std::optional<std::string> config_of_nobody() override {
    return R"({"fault": ")" + fault_ + R"(", "folder": ")" + dir_.path("nobody") + R"("})";
  }
  [[nodiscard]] std::vector<contract::bad_config> bad_configs() override {
    return {{R"({"fault": ")" + fault_ + R"("})", "folder"}};
  }

  std::string fresh_destination() override { return "to" + std::to_string(++made_); }
  std::vector<letter> received(const std::string& destination, std::size_t n) override {
    const auto end = std::chrono::steady_clock::now() + patience();
    std::vector<letter> out;
    do {
      out.clear();
      for (const fixture::filed& one : queue().all("sink/" + destination)) {
        out.push_back({one.key, one.id, one.body, one.with, one.content_type});
      }
    } while (out.size() < n && std::chrono::steady_clock::now() < end);
    contract::require(out.size() >= n, "what was sent did not arrive");
    return out;
  }
  [[nodiscard]] std::optional<std::string> missing_destination() override { return "missing"; }
  [[nodiscard]] std::size_t too_large() override { return 3u << 20; }

 private:
  [[nodiscard]] fixture::folder_queue queue() const { return fixture::folder_queue(root_); }

  std::string fault_;
  contract::temp_dir dir_;
  std::string root_;
  int made_ = 0;
};

struct planted {
  const char* fault;
  const char* found_by;
};

constexpr planted faults[] = {
    {"a_window_of_zero_is_open", "window.at_zero_nothing_is_offered"},
    {"the_window_is_overrun", "window.it_is_never_overrun"},
    {"a_pause_drops_settles", "window.a_pause_keeps_settles"},
    {"the_lag_is_wrong", "window.the_lag_is_told"},
    {"acks_are_ignored", "delivery.everything_arrives_once"},
    {"order_is_broken", "delivery.a_key_keeps_its_order"},
    {"a_token_is_known_late", "delivery.a_settle_may_come_before_offer_returns"},
    {"tokens_are_not_unique", "delivery.everything_arrives_once"},
    {"bodies_end_at_a_nul", "delivery.bytes_arrive_as_they_were"},
    {"headers_are_dropped", "delivery.headers_arrive_as_they_were"},
    {"retries_are_lost", "settle.a_retry_comes_again"},
    {"attempts_are_not_counted", "settle.a_retry_comes_again"},
    {"delays_are_ignored", "settle.a_delayed_retry_comes_not_before"},
    {"releases_are_lost", "settle.a_release_comes_again"},
    {"the_dead_come_again", "settle.a_dead_one_never_comes_again"},
    {"the_dead_are_dropped", "settle.a_dead_one_never_comes_again"},
    {"extend_is_ignored", "settle.an_extended_one_stays_out"},
    {"unknown_tokens_are_faults", "settle.strange_tokens_are_ignored"},
    {"a_second_verdict_counts", "settle.strange_tokens_are_ignored"},
    {"dedup_ids_change", "again.to_the_next_instance"},
    {"it_acks_what_it_offers", "again.to_the_next_instance"},
    {"it_acks_what_it_offers", "again.after_a_kill"},
    {"it_never_reconnects", "again.after_the_source_was_away"},
    {"tokens_outlive_a_session", "again.after_the_source_was_away"},
    {"health_is_never_told", "again.after_the_source_was_away_at_window_zero"},
    {"bad_configs_are_taken", "life.a_bad_config_is_refused_by_its_key"},
    {"start_needs_the_source", "life.it_starts_while_its_source_is_down"},
    {"quiesce_is_ignored", "life.quiesced_it_takes_no_more"},
    {"quiesce_is_for_good", "life.quiesce_is_undone_by_start"},
    {"a_closed_lane_goes_on", "life.a_closed_lane_offers_nothing"},
    {"the_sink_drops_headers", "sink.a_message_arrives_whole"},
    {"the_sink_sends_nothing", "sink.many_are_in_flight"},
    {"the_sink_confirms_too_early", "sink.while_it_is_away_nothing_is_confirmed"},
    {"the_sink_forgets_deadlines", "sink.while_it_is_away_nothing_is_confirmed"},
};

// The check fails when the check of the suite does not.
contract::check must_be_found(const planted& one) {
  const std::string check =
      std::string(one.found_by).substr(std::string(one.found_by).find('.') + 1);
  return {std::string("faults.") + one.fault + "__" + check, [one](const auto& t) {
            folder_broker broken(one.fault);
            for (const contract::check& each : contract::activator_checks(broken)) {
              if (each.id == one.found_by) {
                try {
                  each.run(t);
                } catch (const contract::failed&) {
                  return;
                }
                throw contract::failed{"the suite does not see it"};
              }
            }
            throw contract::failed{"the suite has no such check"};
          }};
}

}  // namespace

int main(int argc, char** argv) {
  folder_broker sound;
  std::vector<contract::check> own;
  for (const planted& one : faults) {
    own.push_back(must_be_found(one));
  }
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, sound, own);
}
