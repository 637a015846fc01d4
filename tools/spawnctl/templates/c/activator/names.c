#include "names.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin.h"

static int by_name(const void* a, const void* b) {
  return strcmp(*(char* const*)a, *(char* const*)b);
}

static int is_file(const char* folder, const char* name) {
  char path[PATH_BYTES_MAX];
  struct stat about;
  return snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path) &&
         stat(path, &about) == 0 && S_ISREG(about.st_mode);
}

int names_in(const char* folder, char*** out) {
  DIR* open = opendir(folder);
  char** names = NULL;
  int n = 0, room = 0;
  struct dirent* one;
  if (open == NULL) {
    return -1;
  }
  while ((one = readdir(open)) != NULL) {
    if (!is_file(folder, one->d_name)) {
      continue;
    }
    if (n == room) {
      char** more = realloc(names, (size_t)(2 * room + 64) * sizeof(char*));
      if (more == NULL) {
        break; /* the rest is seen the next time */
      }
      names = more;
      room = 2 * room + 64;
    }
    names[n] = plugin_text(one->d_name, strlen(one->d_name));
    n += names[n] != NULL;
  }
  closedir(open);
  if (n != 0) {
    qsort(names, (size_t)n, sizeof(char*), by_name);
  }
  *out = names;
  return n;
}

void free_names(char** names, int n) {
  int i;
  for (i = 0; i < n; ++i) {
    free(names[i]);
  }
  free(names);
}

char* file_text(const char* folder, const char* name, uint64_t* len) {
  char path[PATH_BYTES_MAX];
  struct stat about;
  char* text = NULL;
  FILE* file;
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  file = fopen(path, "rb");
  if (file != NULL && fstat(fileno(file), &about) == 0) {
    text = malloc((size_t)about.st_size + 1);
    *len = text != NULL ? fread(text, 1, (size_t)about.st_size, file) : 0;
  }
  if (file != NULL) {
    fclose(file);
  }
  return text;
}

known_file* known_by_name(known_file* first, const char* name) {
  while (first != NULL && strcmp(first->name, name) != 0) {
    first = first->next;
  }
  return first;
}

known_file* known_by_token(known_file* first, uint64_t token) {
  while (first != NULL && (first->token != token || token == 0)) {
    first = first->next;
  }
  return first;
}

known_file* known_add(known_file** first, const char* name) {
  known_file* made = calloc(1, sizeof(known_file));
  if (made == NULL || (made->name = plugin_text(name, strlen(name))) == NULL) {
    free(made);
    return NULL;
  }
  made->next = *first;
  *first = made;
  return made;
}

void known_remove(known_file** first, known_file* gone) {
  while (*first != gone) {
    first = &(*first)->next;
  }
  *first = gone->next;
  free(gone->name);
  free(gone);
}
