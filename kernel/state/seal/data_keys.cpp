#include "state/seal/data_keys.hpp"

#include <cstring>
#include <string_view>

#include "base/assert.hpp"
#include "base/hash.hpp"

namespace spawn {

std::size_t data_key_cache::id_hash::operator()(const data_key_id& id) const noexcept {
  char bytes[sizeof(id.key) + sizeof(id.salt)];
  std::memcpy(bytes, id.key.data(), id.key.size());
  std::memcpy(bytes + id.key.size(), id.salt.data(), id.salt.size());
  return hash_bytes({bytes, sizeof bytes});
}

const secret_key* data_key_cache::find(const data_key_id& id) {
  const auto at = index_.find(id);
  if (at == index_.end()) {
    return nullptr;
  }
  newest_first_.splice(newest_first_.begin(), newest_first_, at->second);
  return &at->second->key;
}

const secret_key* data_key_cache::insert(const data_key_id& id, const secret_key& key) {
  SPAWN_DCHECK(!index_.contains(id), "data key inserted twice");
  if (index_.size() >= keys_max_ && !newest_first_.empty()) {
    index_.erase(newest_first_.back().id);
    newest_first_.pop_back();
  }
  newest_first_.push_front({id, key});
  index_.emplace(id, newest_first_.begin());
  return &newest_first_.front().key;
}

}  // namespace spawn
