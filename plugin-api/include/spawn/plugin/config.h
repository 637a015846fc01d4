/* config.h - reads the settings of a plugin whose schema is flat: numbers and plain texts, one
 * level deep. config_json is canonical JSON that the kernel has checked against the plugin's
 * schema, so a search is enough and nothing is allocated; a plugin with lists or objects in its
 * settings brings a JSON library. All functions are `static inline`, compiled into the plugin, for
 * any thread. Nothing in this header crosses the border between kernel and plugin. C11, also C++.
 */
#ifndef SPAWN_PLUGIN_CONFIG_H
#define SPAWN_PLUGIN_CONFIG_H
#include <string.h>

#include "abi.h"
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* one text for C and C++ */
extern "C" {
#endif

/* The value of a member of the outermost object as it is written, quotes of a text included; empty
 * when it is not there. Borrowed from `json`. */
static inline spawn_slice spawn_config_raw(spawn_slice json, const char* key) {
  const char* at = (const char*)(json.len != 0 ? json.ptr : "");
  const char* end = at + json.len;
  const size_t key_len = strlen(key);
  spawn_slice found = {NULL, 0};
  const char* begin = NULL; /* of the member's key, then of its value */
  int depth = 0, is_key = 0, wanted = 0;
  for (; at != end; ++at) {
    if (*at == '"') {
      const char* text = ++at;
      while (at != end && *at != '"') {
        at += *at == '\\' && end - at > 1 ? 2 : 1;
      }
      if (at == end) {
        return found; /* not JSON */
      }
      if (depth == 1 && is_key) {
        wanted = (size_t)(at - text) == key_len && memcmp(text, key, key_len) == 0;
      }
    } else if (*at == ':' && depth == 1) {
      is_key = 0;
      begin = at + 1;
    } else if ((*at == ',' && depth == 1) || (*at == '}' && depth == 1)) {
      if (wanted && begin != NULL) {
        found.ptr = begin;
        found.len = (uint64_t)(at - begin);
        return found;
      }
      is_key = 1;
    } else if (*at == '{' || *at == '[') {
      is_key = ++depth == 1;
    } else if (*at == '}' || *at == ']') {
      --depth;
    }
  }
  return found;
}

/* A whole number that is not negative; `otherwise` when the member is not there, or is no such
 * number (which the schema should have refused). */
static inline uint64_t spawn_config_number(spawn_slice json, const char* key, uint64_t otherwise) {
  const spawn_slice raw = spawn_config_raw(json, key);
  const char* digits = (const char*)raw.ptr;
  uint64_t value = 0, i;
  for (i = 0; i < raw.len; ++i) {
    const uint64_t digit = (uint64_t)(unsigned char)digits[i] - '0';
    if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
      return otherwise;
    }
    value = value * 10 + digit;
  }
  return raw.len != 0 ? value : otherwise;
}

/* A text without escapes, borrowed; empty when the member is not there, is no text, or holds a
 * backslash: let the schema's "pattern" refuse those. */
static inline spawn_slice spawn_config_text(spawn_slice json, const char* key) {
  const spawn_slice raw = spawn_config_raw(json, key);
  const char* text = (const char*)raw.ptr;
  spawn_slice out = {NULL, 0};
  if (raw.len >= 2 && text[0] == '"' && memchr(text, '\\', (size_t)raw.len) == NULL) {
    out.ptr = text + 1;
    out.len = raw.len - 2;
  }
  return out;
}

#ifdef __cplusplus
} /* extern "C" */
#pragma GCC diagnostic pop
#endif
#endif
