#include "plugin/signed_file.hpp"

#include <algorithm>

#include "trust/key_file.hpp"
#include "trust/signature.hpp"

namespace spawn {
namespace {

std::string ids_of(const trust_policy& policy) {
  std::string out;
  for (const trust::public_key& each : policy.keys) {
    out += (out.empty() ? "" : ", ") + trust::text_of(each.id);
  }
  return out.empty() ? "none" : out;
}

}  // namespace

std::filesystem::path signature_path(const std::filesystem::path& file) {
  return file.string() + ".minisig";
}

result<file_signature> check_signature(const std::filesystem::path& file, std::string_view bytes,
                                       const trust_policy& policy) {
  const std::filesystem::path beside = signature_path(file);
  const auto refused = [](const std::string& what, const char* advice) {
    return fail(errc::denied, what + "; " + advice);
  };
  constexpr const char* sign_again =
      "get file and signature from their maker again, or sign it anew with `spawnctl plugins sign`";
  const auto text = trust::read_text(beside);
  if (!text && text.error().code == errc::not_found) {
    if (!policy.required) {
      return file_signature{};
    }
    return refused(
        "it is not signed: there is no " + beside.string() + ", and plugins.require_signed is true",
        "put its maker's signature there, or sign it with `spawnctl plugins sign`");
  }
  if (!text) {
    return refused("its signature is not readable: " + text.error().text,
                   "make it readable for the kernel's user");
  }
  const auto parsed = trust::parse_signature(*text);
  if (!parsed) {
    return refused(beside.string() + " is not a signature: " + parsed.error().text, sign_again);
  }
  const auto key = std::find_if(policy.keys.begin(), policy.keys.end(),
                                [&](const auto& each) { return each.id == parsed->key; });
  if (key == policy.keys.end()) {
    if (!policy.required) {
      return file_signature{file_signature::state::unchecked, trust::text_of(parsed->key), {}};
    }
    return refused("it is signed with the unknown key " + trust::text_of(parsed->key) +
                       "; plugins.trusted_keys has: " + ids_of(policy),
                   "add that key's public half there if you trust its owner, or sign the file "
                   "with a trusted key");
  }
  if (const auto holds = verify(*parsed, *key, bytes); !holds) {
    return refused(beside.string() + ": " + holds.error().text, sign_again);
  }
  return file_signature{file_signature::state::good, trust::text_of(key->id),
                        parsed->trusted_comment};
}

}  // namespace spawn
