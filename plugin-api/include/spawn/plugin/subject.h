/* subject.h - subjects and patterns of transports: tokens joined by dots; in a pattern '*' stands
 * for one token and '>' for one or more at the end. No allocation; any thread. All functions are
 * `static inline`, compiled into the plugin; nothing here crosses the border. C11, also C++. */
#ifndef SPAWN_PLUGIN_SUBJECT_H
#define SPAWN_PLUGIN_SUBJECT_H
#include <string.h>

#include "abi.h"
#ifdef __cplusplus
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast" /* one text for C and C++ */
extern "C" {
#endif

enum { SPAWN_SUBJECT_BYTES_MAX = 1024 };

/* Takes the token in front of the first dot; returns 0 when it was the last one. */
static inline int spawn_subject_token(spawn_slice* rest, spawn_slice* token) {
  const char* text = (const char*)(rest->len != 0 ? rest->ptr : "");
  const char* dot = (const char*)memchr(text, '.', (size_t)rest->len);
  token->ptr = text;
  token->len = dot != NULL ? (uint64_t)(dot - text) : rest->len;
  rest->ptr = dot != NULL ? dot + 1 : text;
  rest->len = dot != NULL ? rest->len - token->len - 1 : 0;
  return dot != NULL;
}

static inline int spawn_subject_token_is(spawn_slice token, char wildcard) {
  return token.len == 1 && *(const char*)token.ptr == wildcard;
}

/* Printable ASCII, no empty token. With `wildcards` (a pattern) a whole token may be '*' and the
 * last one '>'. */
static inline int spawn_subject_valid(spawn_slice text, int wildcards) {
  spawn_slice token;
  int more = 1;
  if (text.len > SPAWN_SUBJECT_BYTES_MAX) {
    return 0;
  }
  while (more) {
    uint64_t i;
    more = spawn_subject_token(&text, &token);
    if (token.len == 0) {
      return 0;
    }
    if (wildcards &&
        (spawn_subject_token_is(token, '*') || (!more && spawn_subject_token_is(token, '>')))) {
      continue;
    }
    for (i = 0; i < token.len; ++i) {
      const char c = ((const char*)token.ptr)[i];
      if (c <= ' ' || c > '~' || c == '*' || c == '>') {
        return 0;
      }
    }
  }
  return 1;
}

/* Whether the subject is one of the pattern's. Both are valid. */
static inline int spawn_subject_matches(spawn_slice pattern, spawn_slice subject) {
  spawn_slice want, have;
  for (;;) {
    const int want_more = spawn_subject_token(&pattern, &want);
    const int have_more = spawn_subject_token(&subject, &have);
    if (spawn_subject_token_is(want, '>')) {
      return 1;
    }
    if (!spawn_subject_token_is(want, '*') &&
        (want.len != have.len || memcmp(want.ptr, have.ptr, (size_t)want.len) != 0)) {
      return 0;
    }
    if (!want_more || !have_more) {
      return want_more == have_more;
    }
  }
}

#ifdef __cplusplus
} /* extern "C" */
#pragma GCC diagnostic pop
#endif
#endif
