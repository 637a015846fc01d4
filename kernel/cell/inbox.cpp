#include "cell/inbox.hpp"

#include <algorithm>

namespace spawn {

inbox::verdict inbox::judge_hint(const message_row& row) const {
  if (!row.is_ordered()) {
    return judge_listed(row);
  }
  const auto found = lanes_.find(lane_of(row));
  if (found == lanes_.end()) {
    return row.is_first ? verdict::take : verdict::unsure;
  }
  const sender_lane& at = found->second;
  if (row.seq <= at.admitted) {
    return verdict::known;
  }
  return !at.closed && row.prev != 0 && row.prev == at.admitted ? verdict::take : verdict::unsure;
}

inbox::verdict inbox::judge_listed(const message_row& row) const {
  if (!row.is_ordered()) {
    const bool is_known = taken_.contains(row.key) ||
                          std::find(consumed_while_listing_.begin(), consumed_while_listing_.end(),
                                    row.key) != consumed_while_listing_.end();
    return is_known ? verdict::known : verdict::take;
  }
  const auto found = lanes_.find(lane_of(row));
  if (found == lanes_.end()) {
    return verdict::take;
  }
  return found->second.closed || row.seq <= found->second.admitted ? verdict::known : verdict::take;
}

sender_lane& inbox::lane_for(const message_row& row) {
  const auto found = lanes_.find(lane_of(row));
  if (found != lanes_.end()) {
    return found->second;
  }
  make_room();
  return lanes_[std::string(lane_of(row))];
}

void inbox::took(message_row& row) {
  row.taken_in = life_;
  ++pending_;
  if (!row.is_ordered()) {
    taken_.insert(row.key);
    return;
  }
  sender_lane& at = lane_for(row);
  at.admitted = row.seq;
  ++at.pending;
}

void inbox::consumed(const message_row& row) {
  if (!owns(row)) {
    return;
  }
  --pending_;
  if (!row.is_ordered()) {
    taken_.erase(row.key);
    if (listing) {
      consumed_while_listing_.push_back(row.key);
    }
    return;
  }
  --lane_for(row).pending;
}

void inbox::gave_back(const message_row& row) {
  if (!owns(row)) {
    return;
  }
  --pending_;
  // A page read before this, or one further on in the pass, would let a later row overtake it.
  wanted = true;
  cursor.clear();
  discard = listing;
  if (!row.is_ordered()) {
    taken_.erase(row.key);
    return;
  }
  sender_lane& at = lane_for(row);
  --at.pending;
  at.admitted = std::min(at.admitted, row.seq - 1);
}

void inbox::reset() {
  ++life_;
  lanes_.clear();
  taken_.clear();
  consumed_while_listing_.clear();
  tails_ = {};
  pending_ = 0;
  cursor.clear();
  discard = listing;
  wanted = true;
}

void inbox::set_closed(const message_row& row, bool closed) {
  if (owns(row) && row.is_ordered()) {
    lane_for(row).closed = closed;
  }
}

// A lane that is forgotten costs a list when its sender sends again, nothing else.
void inbox::make_room() {
  if (listing) {
    return;  // the page may show rows that a forgotten lane would take for new ones
  }
  consumed_while_listing_.clear();
  if (lanes_.size() < lanes_max) {
    return;
  }
  for (auto at = lanes_.begin(); at != lanes_.end();) {
    at = at->second.pending == 0 && !at->second.closed ? lanes_.erase(at) : std::next(at);
  }
}

}  // namespace spawn
