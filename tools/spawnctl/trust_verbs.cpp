// plugins keygen, sign and verify: files that minisign reads and writes, too. They need no kernel.
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <memory>

#include "plugin/elf_note.hpp"
#include "plugin/signed_file.hpp"
#include "table.hpp"
#include "tool.hpp"
#include "trust/key_file.hpp"
#include "trust/secret_key.hpp"
#include "trust_files.hpp"

namespace spawn::ctl {
namespace {

struct keygen_options {
  std::string open = "minisign.pub";
  std::string secret = "minisign.key";
  bool no_password = false;
};

struct sign_options {
  std::string secret = "minisign.key";
  std::string comment;
  bool legacy = false;
  std::vector<std::string> files;
};

struct verify_options {
  trust_options trust;
  std::vector<std::string> files;
};

result<std::string> new_password() {
  SPAWN_TRY(std::string password, read_password("Password of the new key"));
  if (::isatty(STDIN_FILENO) != 0) {
    SPAWN_TRY(const std::string again, read_password("The same again"));
    if (again != password) {
      return fail(errc::invalid, "those were two different passwords");
    }
  }
  return password;
}

result<trust::public_key> make_pair(const keygen_options& from) {
  for (const auto* file : {&from.secret, &from.open}) {
    if (std::filesystem::exists(*file)) {
      return fail(errc::invalid, *file + ": there is one already; it is left as it is");
    }
  }
  std::string password;
  if (!from.no_password) {
    SPAWN_TRY(password, new_password());
  }
  SPAWN_TRY(const trust::secret_key key, trust::generate_key());
  SPAWN_TRY(const std::string secret, trust::secret_key_text(key, password));
  const trust::public_key open = public_half(key);
  SPAWN_CHECK(write_new(from.secret, secret, 0600));
  SPAWN_CHECK(write_new(from.open, trust::public_key_text(open), 0644));
  return open;
}

void keygen(tool& t, const keygen_options& from) {
  const auto made = make_pair(from);
  if (!made) {
    t.fail(exit_failed, made.error().text);
    return;
  }
  if (t.as_json) {
    std::cout << dump({{"key", trust::text_of(made->id)},
                       {"public", trust::key_line(*made)},
                       {"public_file", from.open},
                       {"secret_file", from.secret}})
              << '\n';
    return;
  }
  std::cout << "made key " << trust::text_of(made->id) << ": " << from.secret
            << " (keep it secret) and " << from.open
            << "\nfor plugins.trusted_keys: " << trust::key_line(*made) << '\n';
}

result<trust::secret_key> secret_key_of(const std::string& file) {
  SPAWN_TRY(const std::string text, read_secret_file(file));
  SPAWN_TRY(const bool encrypted, trust::is_encrypted(text));
  std::string password;
  if (encrypted) {
    SPAWN_TRY(password, read_password("Password of " + file));
  }
  auto key = trust::parse_secret_key(text, password);
  if (!key) {
    return fail(key.error().code, file + ": " + key.error().text);
  }
  return key;
}

// As minisign words it.
std::string usual_comment(const std::string& file, bool legacy) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return "timestamp:" + std::to_string(seconds) +
         "\tfile:" + std::filesystem::path(file).filename().string() + (legacy ? "" : "\thashed");
}

result<void> sign_file(const trust::secret_key& key, const sign_options& from,
                       const std::string& file) {
  const auto bytes = read_plugin_file(file);
  if (!bytes) {
    return fail(bytes.error().code, file + ": " + bytes.error().text);
  }
  const auto form = from.legacy ? trust::signature_form::legacy : trust::signature_form::prehashed;
  SPAWN_TRY(const trust::signature made,
            sign(key, *bytes, form,
                 from.comment.empty() ? usual_comment(file, from.legacy) : from.comment));
  return write_over(signature_path(file), trust::signature_text(made), 0644);
}

void run_sign(tool& t, const sign_options& from) {
  const auto key = secret_key_of(from.secret);
  if (!key) {
    t.fail(exit_failed, key.error().text);
    return;
  }
  json list = json::array();
  for (const std::string& file : from.files) {
    if (const auto done = sign_file(*key, from, file); !done) {
      t.fail(exit_failed, done.error().text);
      return;
    }
    list.push_back(signature_path(file).string());
    if (!t.as_json) {
      std::cout << "signed with key " << trust::text_of(key->id) << ": "
                << signature_path(file).string() << '\n';
    }
  }
  if (t.as_json) {
    std::cout << dump({{"key", trust::text_of(key->id)}, {"signatures", list}}) << '\n';
  }
}

// Good, or why not.
result<file_signature> check_one(const std::string& file,
                                 const std::vector<trust::public_key>& keys) {
  SPAWN_TRY(const std::string bytes, read_plugin_file(file));
  SPAWN_TRY(file_signature out, check_signature(file, bytes, {false, keys}));
  switch (out.is) {
    case file_signature::state::good:
      break;
    case file_signature::state::absent:
      return fail(errc::denied, "there is no " + signature_path(file).string());
    case file_signature::state::unchecked:
      return fail(errc::denied, "it is signed with the unknown key " + out.key);
  }
  return out;
}

void run_verify(tool& t, const verify_options& from) {
  const auto keys = trusted_keys(from.trust);
  if (!keys || keys->empty()) {
    t.fail(keys ? exit_usage : exit_failed,
           keys ? "no key to check with: give --key or --config" : keys.error().text);
    return;
  }
  json list = json::array();
  for (const std::string& file : from.files) {
    const auto checked = check_one(file, *keys);
    if (!checked) {
      t.fail(exit_failed, file + ": " + checked.error().text);
      list.push_back({{"file", file}, {"good", false}, {"why", checked.error().text}});
      continue;
    }
    list.push_back({{"file", file},
                    {"good", true},
                    {"key", checked->key},
                    {"trusted_comment", checked->trusted_comment}});
    if (!t.as_json) {
      std::cout << printable(file) << ": signed by " << checked->key << ", "
                << comment_words(checked->trusted_comment) << '\n';
    }
  }
  if (t.as_json) {
    std::cout << dump({{"files", list}}) << '\n';
  }
}

void add_keygen(CLI::App* verbs, tool& t) {
  auto* verb = verbs->add_subcommand("keygen", "makes a key pair for signing plugins");
  auto into = std::make_shared<keygen_options>();
  verb->add_option("-p,--public", into->open, "public key file to make")->capture_default_str();
  verb->add_option("-s,--secret", into->secret, "secret key file to make")->capture_default_str();
  verb->add_flag("--no-password", into->no_password, "do not encrypt the secret key");
  verb->callback([&t, into] { keygen(t, *into); });
}

void add_sign(CLI::App* verbs, tool& t) {
  auto* verb = verbs->add_subcommand("sign", "signs files: writes FILE.minisig");
  auto into = std::make_shared<sign_options>();
  verb->add_option("-s,--secret", into->secret, "secret key file")->capture_default_str();
  verb->add_option("--comment", into->comment,
                   "trusted comment, covered by the signature; else time and file name");
  verb->add_flag("--legacy", into->legacy, "sign the bytes, not their BLAKE2b-512");
  verb->add_option("file", into->files, "a plugin.so")->required();
  verb->callback([&t, into] { run_sign(t, *into); });
}

}  // namespace

void add_trust_options(CLI::App* verb, trust_options& into) {
  verb->add_option("-k,--key", into.keys, "trusted public key: its line or its file")
      ->allow_extra_args(false);
  verb->add_option("-c,--config", into.config,
                   "configuration whose plugins.trusted_keys count, too");
}

void add_trust_verbs(CLI::App* verbs, tool& t) {
  add_keygen(verbs, t);
  add_sign(verbs, t);
  auto* verb = verbs->add_subcommand("verify", "checks files against FILE.minisig");
  auto into = std::make_shared<verify_options>();
  add_trust_options(verb, into->trust);
  verb->add_option("file", into->files, "a plugin.so")->required();
  verb->callback([&t, into] { run_verify(t, *into); });
}

}  // namespace spawn::ctl
