#include "state/seal/sealer.hpp"

#include <algorithm>
#include <limits>

#include "state/seal/byte_io.hpp"
#include "state/seal/lane_cipher.hpp"

namespace spawn {

void make_aad(std::string& out, std::string_view key, std::uint64_t revision, std::uint64_t writer,
              seal_part part) {
  // The fixed-width tail makes the key's end unambiguous.
  out.assign(key);
  append_le(out, revision);
  append_le(out, writer);
  append_le(out, static_cast<std::uint8_t>(part));
}

result<std::unique_ptr<sealer>> sealer::create(const seal_options& options) {
  std::unique_ptr<sealer> made(new sealer());
  made->required_ = options.required;
  if (!options.key_b64.empty()) {
    SPAWN_CHECK(made->add(options.key_b64, "encryption.key", true));
    made->own_id_.key = made->masters_[0].id;
    SPAWN_TRY(made->own_id_.salt, random_salt());
    SPAWN_TRY(made->own_key_, derive_data_key(made->masters_[0].key, made->own_id_.salt));
  } else if (options.required) {
    return fail(errc::invalid,
                "encryption.required is true, but encryption.key (SPAWN_STATESTORE_KEY) is empty; "
                "make a key with 'openssl rand -base64 32'");
  }
  for (std::size_t i = 0; i < options.old_keys_b64.size(); ++i) {
    const auto where = "encryption.keys[" + std::to_string(i) + "]";
    SPAWN_CHECK(made->add(options.old_keys_b64[i], where, false));
  }
  return made;
}

result<void> sealer::add(std::string_view base64, std::string_view where, bool seals) {
  master next;
  SPAWN_TRY(next.key, parse_master_key(base64, where));
  SPAWN_TRY(next.id, id_of(next.key));
  next.seals = seals;
  if (find(next.id) == nullptr) {
    masters_.push_back(next);
  }
  return {};
}

const sealer::master* sealer::find(const key_id& id) const noexcept {
  for (const auto& one : masters_) {
    if (one.id == id) {
      return &one;
    }
  }
  return nullptr;
}

std::string sealer::active_key_id() const {
  return enabled() ? to_hex(masters_[0].id) : std::string();
}

bool sealer::is_current(std::string_view sealed) const noexcept {
  const auto& id = enabled() ? masters_[0].id : key_id{};
  return enabled() && sealed.size() > id.size() && sealed[0] == '\x01' &&
         std::equal(id.begin(), id.end(), sealed.begin() + 1,
                    [](unsigned char a, char b) { return a == static_cast<unsigned char>(b); });
}

result<std::unique_ptr<lane_sealer>> sealer::make_lane() {
  const auto number = lanes_.fetch_add(1, std::memory_order_relaxed);
  if (number > std::numeric_limits<std::uint32_t>::max()) {
    return fail(errc::exhausted, "all lane numbers of this incarnation's data key are used");
  }
  auto made = std::make_unique<lane_sealer::cipher>();
  SPAWN_CHECK(made->init(enabled() ? &own_key_ : nullptr));
  return std::unique_ptr<lane_sealer>(
      new lane_sealer(*this, static_cast<std::uint32_t>(number), std::move(made)));
}

}  // namespace spawn
