#include "script.hpp"

#include <iterator>

namespace mysql_store {

namespace {

// More than that, and the optimisers of some servers turn a list of keys into something else.
constexpr std::size_t keys_per_statement = 256;

}  // namespace

void script::part() {
  if (!text_.empty()) {
    text_ += ';';
  }
}

void script::open(std::string_view head, std::string_view tail, std::string_view parted_by) {
  head_ = head;
  tail_ = tail;
  parted_by_ = parted_by;
  rows_ = 0;
}

std::string& script::row() {
  if (rows_ == 0) {
    begin_ = text_.size();
    part();
    text_ += head_;
    row_ = text_.size();
  } else {
    row_ = text_.size();
    text_ += parted_by_;
  }
  return text_;
}

void script::end_row(const spawn_op* of) {
  if (text_.size() + tail_.size() > db_.text_bytes_max() && (rows_ != 0 || begin_ != 0)) {
    // What is before the row goes first, the row begins a piece of its own.
    const std::string last = text_.substr(row_ + (rows_ == 0 ? 0 : parted_by_.size()));
    text_.resize(rows_ == 0 ? begin_ : row_);
    if (rows_ != 0) {
      text_ += tail_;
    }
    send();
    rows_ = 0;
    row() += last;
  }
  if (text_.size() + tail_.size() > db_.text_bytes_max()) {
    throw sql_store::sql_error(
        sql_store::trouble::too_large,
        "a record takes a statement of " + std::to_string(text_.size() + tail_.size()) +
            " bytes; the server's max_allowed_packet is " + std::to_string(db_.packet_bytes_max()) +
            ": raise it there, or lower max_record_bytes",
        false, of);
  }
  ++rows_;
}

void script::close() {
  if (rows_ != 0) {
    text_ += tail_;
    rows_ = 0;
  }
}

void script::statement(std::string_view text) {
  open({}, {});
  row() += text;
  end_row();
  close();
}

void script::of_keys(std::string_view head, const std::vector<std::string_view>& keys,
                     std::string_view tail) {
  const std::string before = std::string(head) + " (";
  const std::string after = ") " + std::string(tail);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i % keys_per_statement == 0) {
      close();
      open(before, after);
    }
    std::string& out = row();
    out += "_binary";
    db_.quote(out, keys[i]);
    end_row();
  }
  close();
}

void script::send() {
  std::vector<rows> got = db_.run(text_);
  got_.insert(got_.end(), std::make_move_iterator(got.begin()), std::make_move_iterator(got.end()));
  text_.clear();
}

std::vector<rows> script::run() {
  if (!text_.empty()) {
    send();
  }
  return std::move(got_);
}

}  // namespace mysql_store
