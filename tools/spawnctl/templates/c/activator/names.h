/* Lists of file names and what is known of the files that are out. Not locked. */
#ifndef NAMES_H
#define NAMES_H
#include <stdint.h>

enum { PATH_BYTES_MAX = 4096 };

/* The regular files of a folder in the order of their names. Returns how many, or -1 when the
 * folder can not be read. free_names() frees them. */
int names_in(const char* folder, char*** out);
void free_names(char** names, int n);
/* All of a file, and how long it is; NULL: it can not be read. free() frees it. */
char* file_text(const char* folder, const char* name, uint64_t* len);

/* A file that was offered and not settled, or that rests before it is offered again. */
typedef struct known_file {
  struct known_file* next;
  char* name;
  uint64_t token;         /* 0: it is not out */
  uint64_t not_before_ns; /* of a retry */
} known_file;

known_file* known_by_name(known_file* first, const char* name);
known_file* known_by_token(known_file* first, uint64_t token);
/* Puts one in front; NULL: out of memory. */
known_file* known_add(known_file** first, const char* name);
void known_remove(known_file** first, known_file* gone);
#endif
