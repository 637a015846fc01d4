// Signed plugin files: what is refused, with which words, and that the checked bytes are loaded.
#include "plugin/signed_file.hpp"

#include <gmock/gmock.h>

#include "plugin/loader.hpp"
#include "trust/secret_key.hpp"
#include "unit/plugin/paths.hpp"

namespace spawn {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using state = file_signature::state;

struct SignedFile : ::testing::Test {
  test::temp_dir dir;
  const fs::path file = dir.path / "plugin.so";
  const fs::path beside = dir.path / "plugin.so.minisig";
  const trust::secret_key owner = trust::generate_key().value();
  const trust::secret_key stranger = trust::generate_key().value();
  const std::string owner_id = trust::text_of(owner.id);
  const std::string stranger_id = trust::text_of(stranger.id);

  trust_policy policy(bool required) { return {required, {public_half(owner)}}; }

  static std::string signature_of(const trust::secret_key& key, const std::string& bytes,
                                  const std::string& comment = "v1") {
    return signature_text(sign(key, bytes, trust::signature_form::prehashed, comment).value());
  }
  // Why these bytes of the file are refused; "" when they are not.
  std::string why(const std::string& bytes, bool required) {
    const auto got = check_signature(file, bytes, policy(required));
    if (got) {
      return "";
    }
    EXPECT_EQ(got.error().code, errc::denied);
    return got.error().text;
  }
};

TEST_F(SignedFile, IsTakenWithTheSignatureOfATrustedKey) {
  for (const auto form : {trust::signature_form::legacy, trust::signature_form::prehashed}) {
    test::write_file(beside, signature_text(sign(owner, "bytes", form, "v1").value()));
    const auto got = check_signature(file, "bytes", policy(true));
    ASSERT_TRUE(got) << got.error().text;
    EXPECT_EQ(got->is, state::good);
    EXPECT_EQ(got->key, owner_id);
    EXPECT_EQ(got->trusted_comment, "v1");
  }
}

TEST_F(SignedFile, WithoutASignatureIsRefusedOnlyWhereOneIsRequired) {
  EXPECT_EQ(check_signature(file, "bytes", policy(false)).value().is, state::absent);
  const std::string text = why("bytes", true);
  EXPECT_THAT(text, HasSubstr("it is not signed: there is no " + beside.string()));
  EXPECT_THAT(text, HasSubstr("plugins.require_signed is true"));
  EXPECT_THAT(text, HasSubstr("sign it with `spawnctl plugins sign`"));
}

TEST_F(SignedFile, OfAnUnknownKeyIsRefusedOnlyWhereOneIsRequired) {
  test::write_file(beside, signature_of(stranger, "bytes"));
  const auto loose = check_signature(file, "bytes", policy(false));
  ASSERT_TRUE(loose);
  EXPECT_EQ(loose->is, state::unchecked);
  EXPECT_EQ(loose->key, stranger_id);
  EXPECT_EQ(loose->trusted_comment, "") << "nobody vouches for it";
  const std::string text = why("bytes", true);
  EXPECT_THAT(text, HasSubstr("signed with the unknown key " + stranger_id +
                              "; plugins.trusted_keys has: " + owner_id));
  EXPECT_THAT(text, HasSubstr("add that key's public half"));
}

TEST_F(SignedFile, ThatIsWrongIsRefusedEitherWay) {
  for (const bool required : {false, true}) {
    test::write_file(beside, signature_of(owner, "bytes"));
    EXPECT_THAT(why("Bytes", required), HasSubstr("the file was changed after it was signed"));
    EXPECT_THAT(why("Bytes", required), HasSubstr(beside.string()));
    test::write_file(beside, signature_of(owner, "other"));
    EXPECT_THAT(why("bytes", required), HasSubstr("the signature belongs to another file"));
    test::write_file(beside, "no signature\n");
    EXPECT_THAT(why("bytes", required), HasSubstr(beside.string() + " is not a signature: "));
    std::string altered = signature_of(owner, "bytes");
    altered.replace(altered.find("v1"), 2, "v2");
    test::write_file(beside, altered);
    EXPECT_THAT(why("bytes", required), HasSubstr("the trusted comment was altered"));
    fs::remove(beside);
    fs::create_directory(beside);
    EXPECT_THAT(why("bytes", required), HasSubstr("its signature is not readable: "));
    fs::remove(beside);
  }
}

TEST_F(SignedFile, OfAStrangerWhoTakesATrustedIdIsRefused) {
  trust::secret_key thief = stranger;
  thief.id = owner.id;
  test::write_file(beside, signature_of(thief, "bytes"));
  EXPECT_THAT(why("bytes", false), HasSubstr("the signature by key " + owner_id + " is bad"));
}

struct SignedPlugin : SignedFile {
  const store_dir store = store_dir::open(dir.path / "store").value();
  const std::string bytes = test::read_file(test::fixture("good_c"));

  result<std::shared_ptr<plugin_library>> load(bool required) {
    expected_plugin expected;
    expected.trust = policy(required);
    return load_library(file, store, expected);
  }
};

TEST_F(SignedPlugin, IsLoadedAndSaysWhoSignedIt) {
  test::write_file(file, bytes);
  test::write_file(beside, signature_of(owner, bytes));
  const auto library = load(true);
  ASSERT_TRUE(library) << library.error().text;
  EXPECT_EQ((*library)->from().signature.key, owner_id);
  EXPECT_EQ(test::read_file((*library)->from().loaded), bytes);
}

TEST_F(SignedPlugin, IsRefusedAtTheSignatureBeforeItIsParsed) {
  test::write_file(file, "this is text");
  const auto refused = load(true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text,
              HasSubstr(file.string() + " refused at signature: it is not signed"));
  EXPECT_THAT(load(false).error().text, HasSubstr("refused at note"));
}

TEST_F(SignedPlugin, ThatWasTamperedWithNeverReachesTheStore) {
  std::string tampered = bytes;
  tampered[tampered.size() / 2] = static_cast<char>(tampered[tampered.size() / 2] ^ 1);
  test::write_file(file, tampered);
  test::write_file(beside, signature_of(owner, bytes));
  ASSERT_FALSE(load(false));
  EXPECT_TRUE(fs::is_empty(store.path()));
}

TEST_F(SignedPlugin, IsLoadedFromTheCheckedBytesWhateverLiesInTheStore) {
  test::write_file(file, bytes);
  test::write_file(beside, signature_of(owner, bytes));
  const fs::path copy = store.path() / sha256_hex(bytes) / "plugin.so";
  test::write_file(copy, "put there by somebody");
  fs::permissions(copy.parent_path(), fs::perms::owner_all);
  const auto library = load(true);
  ASSERT_TRUE(library) << library.error().text;
  EXPECT_EQ((*library)->from().loaded, copy);
  EXPECT_EQ(test::read_file(copy), bytes);
  test::write_file(file, "replaced while it runs");
  EXPECT_EQ(test::read_file(copy), bytes);
}

}  // namespace
}  // namespace spawn
