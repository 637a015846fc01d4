// Data keys of this and other incarnations, derived once and kept while they are in use.
#pragma once
#include <cstddef>
#include <list>
#include <unordered_map>

#include "state/seal/crypto.hpp"

namespace spawn {

inline constexpr std::size_t data_keys_max = 1'024;  // per lane; about 120 KiB when full

// Least recently used goes first. Lives in a lane_sealer, owns its keys. [lane]
class data_key_cache {
 public:
  explicit data_key_cache(std::size_t keys_max = data_keys_max) : keys_max_(keys_max) {}

  // Borrowed until the next call. Null: not here.
  [[nodiscard]] const secret_key* find(const data_key_id& id);
  // Keeps a key that find() did not have. Borrowed until the next call.
  const secret_key* insert(const data_key_id& id, const secret_key& key);
  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }

 private:
  struct entry {
    data_key_id id;
    secret_key key;
  };
  struct id_hash {
    [[nodiscard]] std::size_t operator()(const data_key_id& id) const noexcept;
  };
  const std::size_t keys_max_;
  std::list<entry> newest_first_;
  std::unordered_map<data_key_id, std::list<entry>::iterator, id_hash> index_;
};

}  // namespace spawn
