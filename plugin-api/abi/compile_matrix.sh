#!/usr/bin/env bash
# Compiles every plugin header alone, and all of them together, with every compiler at hand: the C
# headers as C11 and C++20 (all together also as C17, C++11 and C++23), the C++ headers as C++20
# (each alone with one compiler). Nothing is linked; a warning is an error. Prints what was tried
# and what was skipped. Drafts are compiled too with --drafts.
# Usage: compile_matrix.sh [--drafts] [scratch directory]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
include=$(cd "$here/../include" && pwd)
drafts=no
if [ "${1:-}" = --drafts ]; then
  drafts=yes
  shift
fi
scratch=${1:-}
if [ -z "$scratch" ]; then
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
fi
mkdir -p "$scratch"
jobs=$scratch/jobs
flags="-Wall -Wextra -Wpedantic -Werror -fsyntax-only"
: >"$jobs"

cd "$include"
mapfile -t c_headers < <(find spawn/plugin -maxdepth 1 -name '*.h' | sort)
draft_headers=()
if [ "$drafts" = yes ]; then
  mapfile -t draft_headers < <(find spawn/plugin/draft -name '*.h' | sort)
fi
# Of the test helpers in C one is for C alone.
mapfile -t c_test_headers < <(find spawn/plugin/testing -name '*.h' | sort)
mapfile -t cpp_headers < <(find spawn/plugin/cpp spawn/plugin/testing -name '*.hpp' | sort)
if [ "${#c_headers[@]}" -eq 0 ]; then
  echo "no headers under $include" >&2
  exit 2
fi

# Adds one compilation: a file that includes the given headers, each twice, so that guards count.
unit() {
  local compiler=$1 std=$2 ext=$3 name=$4
  shift 4
  local file=$scratch/${compiler}_${std//+/x}_$name.$ext
  {
    for header in "$@" "$@"; do
      echo "#include \"$header\""
    done
    echo "extern int spawn_matrix_unit;"
  } >"$file"
  echo "$compiler -std=$std $flags -I$include $file" >>"$jobs"
}

each_and_all() {
  local compiler=$1 std=$2 ext=$3
  shift 3
  for header in "$@"; do
    unit "$compiler" "$std" "$ext" "$(echo "${header#spawn/plugin/}" | tr '/.' '__')" "$header"
  done
  unit "$compiler" "$std" "$ext" together "$@"
}

skipped=0
present() {
  if command -v "$1" >/dev/null; then
    return 0
  fi
  echo "skipped: $1 is not installed"
  skipped=$((skipped + 1))
  return 1
}

for compiler in gcc clang-19; do
  if present "$compiler"; then
    each_and_all "$compiler" c11 c "${c_headers[@]}" "${draft_headers[@]}" \
      "${c_test_headers[@]}"
    unit "$compiler" c17 c together17 "${c_headers[@]}"
  fi
done
for compiler in g++ clang++-19 clang++-14; do
  if present "$compiler"; then
    each_and_all "$compiler" c++20 cpp "${c_headers[@]}" "${draft_headers[@]}"
    for std in c++11 c++17 c++2b; do
      unit "$compiler" "$std" cpp together_c "${c_headers[@]}"
    done
    if [ "$compiler" = g++ ]; then
      each_and_all "$compiler" c++20 cc "${cpp_headers[@]}"
    else
      unit "$compiler" c++20 cc together "${cpp_headers[@]}"
    fi
  fi
done

total=$(wc -l <"$jobs")
if [ "$total" -eq 0 ]; then
  echo "no compiler found: nothing was checked" >&2
  exit 2
fi
# Each line of the list is one command; a failing one prints its command and sets the result.
if ! xargs -P "$(nproc)" -I{} bash -c '{} || { echo "FAILED: {}" >&2; exit 1; }' <"$jobs"; then
  echo "compile matrix: failed (see above), $total compilations, $skipped compilers skipped" >&2
  exit 1
fi
echo "compile matrix: $total compilations passed, $skipped compilers skipped"
