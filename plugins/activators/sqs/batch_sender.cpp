#include "batch_sender.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <utility>

namespace sqs {

namespace {

using nlohmann::json;
constexpr std::size_t batch_entries_max = 10;  // the service's bound

// The entry's place in the batch that was sent; `size` for what is none of it.
std::size_t place_of(const json& result, std::size_t size) {
  const auto at = result.find("Id");
  if (at == result.end() || !at->is_string()) {
    return size;
  }
  const auto& id = at->get_ref<const std::string&>();
  std::size_t out = size;
  std::from_chars(id.data(), id.data() + id.size(), out);
  return std::min(out, size);
}

struct result {
  aws_fault fault = aws_fault::unanswered;
  std::string why = "the answer does not say what became of it";
};

std::vector<result> results_of(const json& body, std::size_t size) {
  std::vector<result> out(size + 1);
  const auto each = [&](const char* key, auto&& what) {
    if (const auto list = body.find(key); list != body.end() && list->is_array()) {
      for (const json& one : *list) {
        if (one.is_object()) {
          what(out[place_of(one, size)], one);
        }
      }
    }
  };
  each("Successful", [](result& r, const json&) { r = {aws_fault::none, {}}; });
  each("Failed", [](result& r, const json& one) {
    const auto text = [&](const char* key) {
      const auto at = one.find(key);
      return at != one.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    const auto sender = one.find("SenderFault");
    const std::string code = bare_code(text("Code"));
    r.fault = fault_of(code, sender == one.end() || (sender->is_boolean() && sender->get<bool>()));
    r.why = code + ": " + text("Message");
  });
  out.pop_back();
  return out;
}

}  // namespace

batch_sender::batch_sender(const parts& with, std::string action, std::uint32_t calls_max,
                           std::size_t batch_bytes_max)
    : with_(with),
      action_(std::move(action)),
      calls_max_(calls_max),
      batch_bytes_max_(batch_bytes_max),
      soon_(with.loop),
      later_(with.loop) {}

void batch_sender::aim(const std::string& queue_url) {
  queue_url_ = queue_url;
  flush_soon();
}

void batch_sender::add(item one) {
  waiting_.push_back(std::move(one));
  flush_soon();
}

void batch_sender::hurry() {
  later_.cancel();
  backoff_.reset();
  flush_soon();
}

void batch_sender::fail(aws_fault fault, const std::string& why) {
  for (const item& one : std::exchange(waiting_, {})) {
    one.done(fault, why);
  }
}

// After what the loop has at hand, so that one batch takes all of it.
void batch_sender::flush_soon() {
  if (!soon_.is_set()) {
    soon_.set(0, [this] { flush(); });
  }
}

void batch_sender::flush() {
  // A request may fail within send(): each round looks at everything.
  while (!queue_url_.empty() && !later_.is_set() && !waiting_.empty() && calls_ < calls_max_ &&
         (calls_ == 0 || waiting_.size() >= batch_entries_max)) {
    auto batch = next_batch();
    if (!batch.empty()) {
      send(std::move(batch));
    }
  }
}

std::vector<batch_sender::item> batch_sender::next_batch() {
  std::vector<item> out;
  std::size_t bytes = 0;
  const std::uint64_t now = with_.host.now_ns();
  while (!waiting_.empty() && out.size() < batch_entries_max) {
    item& next = waiting_.front();
    if (next.give_up_ns != 0 && next.give_up_ns <= now) {
      const item late = std::move(next);
      waiting_.pop_front();
      late.done(aws_fault::unsent, "too late");
      continue;
    }
    const bool twice = !next.only_once.empty() &&
                       std::ranges::find(out, next.only_once, &item::only_once) != out.end();
    if (twice || (!out.empty() && bytes + next.bytes > batch_bytes_max_)) {
      break;
    }
    bytes += next.bytes;
    out.push_back(std::move(next));
    waiting_.pop_front();
  }
  return out;
}

void batch_sender::send(std::vector<item> batch) {
  json entries = json::array();
  for (const item& one : batch) {
    entries.push_back(one.entry);
    entries.back()["Id"] = std::to_string(entries.size() - 1);
  }
  ++calls_;
  auto held = std::make_shared<std::vector<item>>(std::move(batch));
  with_.aws.call(action_, {{"QueueUrl", queue_url_}, {"Entries", std::move(entries)}},
                 [this, held](const aws_answer& answer) { ended(std::move(*held), answer); });
}

void batch_sender::ended(std::vector<item> batch, const aws_answer& answer) {
  --calls_;
  std::vector<result> results(batch.size(), {answer.fault, answer.error});
  if (answer.fault == aws_fault::none) {
    results = results_of(answer.body, batch.size());
    backoff_.reset();
  } else {
    with_.trouble(answer.fault, action_ + ": " + answer.error);
  }
  std::vector<item> again;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].give_up_ns != 0 && passing(results[i].fault)) {
      again.push_back(std::move(batch[i]));
    } else {
      batch[i].done(results[i].fault, results[i].why);
    }
  }
  if (!again.empty()) {
    try_later(std::move(again));
  }
  flush_soon();
}

void batch_sender::try_later(std::vector<item> items) {
  waiting_.insert(waiting_.begin(), std::make_move_iterator(items.begin()),
                  std::make_move_iterator(items.end()));
  if (!later_.is_set()) {
    later_.set(backoff_.next(), [this] { flush(); });
  }
}

}  // namespace sqs
