// What an actor knows of the message rows that wait for it, and of those it sent.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/hash.hpp"
#include "cell/tail_list.hpp"
#include "lane/timer_wheel.hpp"
#include "model/message_row.hpp"

namespace spawn {

class cell;

// The rows of one sender's life to one address of this actor, in order.
struct sender_lane {
  std::uint64_t admitted = 0;  // the last row taken into the mailbox in this activation
  std::uint32_t pending = 0;   // taken, and neither consumed nor given back
  bool closed = false;         // a row of it is being put off or buried
};

// Life: made for the first row of an activation, forgotten with the cell: the store knows it all.
// Bounded by lanes_max and by the mailbox. [lane]
class inbox {
 public:
  explicit inbox(cell& of) { retry.of = &of; }

  // "<address>/<sender>/<birth>" of a row's key: which lane it belongs to.
  [[nodiscard]] static std::string_view lane_of(const message_row& row) noexcept {
    return std::string_view(row.key).substr(0, row.key.rfind('/'));
  }
  enum class verdict : std::uint8_t {
    take,    // it is the next one
    known,   // it was taken already, or consumed
    unsure,  // only the store can tell whether it is the next one (rule 13)
  };
  // What to do with a row that a hint brought.
  [[nodiscard]] verdict judge_hint(const message_row& row) const;
  // What to do with a row that a list showed, where all rows of its lane before it were taken or
  // consumed; `known` also while its lane is closed.
  [[nodiscard]] verdict judge_listed(const message_row& row) const;
  void took(message_row& row);
  // Its turn has been committed, or it was found to be gone.
  void consumed(const message_row& row);
  // It stays in the store: it and the rows of its lane behind it are no longer taken.
  void gave_back(const message_row& row);
  // What is in memory is dropped: rows taken before are not of this inbox any more.
  void reset();
  // Rows taken and still in the store.
  [[nodiscard]] std::uint32_t pending() const noexcept { return pending_; }
  [[nodiscard]] bool owns(const message_row& row) const noexcept { return row.taken_in == life_; }
  // Until it is opened again only the store's word lets rows of this lane in.
  void close(const message_row& row) { set_closed(row, true); }
  void open(const message_row& row) { set_closed(row, false); }
  // A pass goes over the rows page by page; what was missed before it began is in it.
  [[nodiscard]] bool wants_page() const noexcept { return wanted || !cursor.empty(); }
  void list_begins() {
    listing = true;
    consumed_while_listing_.clear();
    if (cursor.empty()) {
      wanted = false;
      skipped.clear();
    }
  }

  // The rows sent last, by receiver. While none was left out, a receiver that is not there was
  // never sent anything in this life of the actor.
  [[nodiscard]] tail_list& tails() noexcept { return tails_; }

  // Nothing more is to be done for it.
  [[nodiscard]] bool is_quiet() const noexcept {
    return !wants_page() && !listing && writes == 0 && pending_ == 0 && !retry.is_linked();
  }

  bool wanted = false;       // the store may hold rows that no hint brought
  bool listing = false;      // a page is on its way
  bool on_hold = false;      // its host is not to be called until `retry` fires: ask no page before
  bool discard = false;      // what is on its way is out of date: a row was given back since
  std::uint32_t writes = 0;  // of rows deleted, put off or buried, at the store
  std::uint32_t putting_off =
      0;                         // of these, put off or buried: a page might show them as they were
  std::shared_ptr<void> ticket;  // of whoever woke the actor, until nothing is left to fetch
  std::string cursor;            // where the pass goes on; empty: from the front
  std::string skipped;           // the lane of this pass whose first row waits for its next attempt
  struct retry_timer : timer {
    cell* of = nullptr;
  } retry;  // a row that was put off is due

 private:
  static constexpr std::size_t lanes_max = 1'024;
  void make_room();
  void set_closed(const message_row& row, bool closed);
  [[nodiscard]] sender_lane& lane_for(const message_row& row);

  std::unordered_map<std::string, sender_lane, text_hash, std::equal_to<>> lanes_;
  // Keys of rows that keep no order.
  std::unordered_set<std::string, text_hash, std::equal_to<>> taken_;
  std::vector<std::string> consumed_while_listing_;
  tail_list tails_;
  std::uint32_t pending_ = 0;
  std::uint64_t life_ = 1;
};

}  // namespace spawn
