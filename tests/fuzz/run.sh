#!/bin/bash
# Runs the fuzzers of a build: run.sh BUILD SECONDS [NAME...]
#
# Each fuzzer gets SECONDS on a copy of its corpus and must end without a finding; the corpus it
# ends with must cover 80 % of the lines of its parser; and its planted twin must crash. Two run at
# a time. Findings are kept in BUILD/fuzz/NAME; a clean run leaves what it learnt there, too.
set -u
build=${1:?usage: run.sh BUILD SECONDS [NAME...]}
seconds=${2:?usage: run.sh BUILD SECONDS [NAME...]}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$build" && pwd) || exit 2
wanted=${*:-ingress host_reply config elf_note}
planted_seconds=60
coverage_min=80

parser_files() {
  local kernel=$root/kernel
  case $1 in
    ingress) echo "$kernel"/wire/{reader.cpp,reader.hpp,common.cpp,invocation.cpp,registration.cpp} \
                  "$kernel"/ingress/{request_reader.hpp,http_message.hpp} ;;
    host_reply) echo "$kernel"/wire/{reader.cpp,reader.hpp,common.cpp,host_call.cpp} \
                     "$kernel"/hostcall/response_reader.hpp ;;
    config) echo "$kernel"/config/*.cpp ;;
    elf_note) echo "$kernel"/plugin/{elf_bytes.hpp,elf_dynamic.cpp,elf_file.cpp,elf_note.cpp} \
                   "$kernel"/plugin/{lint.cpp,manifest.cpp,json_text.cpp} ;;
  esac
}

fuzz() { # NAME: one clean run
  local name=$1 work=$build/fuzz/$1
  rm -rf "$work" && mkdir -p "$work/corpus" && cp "$here/corpus/$name"/* "$work/corpus/"
  LLVM_PROFILE_FILE=/dev/null "$build/bin/${name}_fuzzer" -max_total_time="$seconds" \
    -timeout=20 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
    -artifact_prefix="$work/finding-" "$work/corpus" >"$work/log" 2>&1
}

measure() { # NAME: prints percent of lines of the parser that the corpus reaches
  local name=$1 work=$build/fuzz/$1
  LLVM_PROFILE_FILE=$work/raw "$build/bin/${name}_fuzzer" -runs=0 "$work/corpus" \
    >>"$work/log" 2>&1 || return 1
  llvm-profdata-19 merge -sparse "$work/raw" -o "$work/profile" &&
    # shellcheck disable=SC2046  # a list of files without blanks
    llvm-cov-19 export -summary-only -instr-profile "$work/profile" \
      "$build/bin/${name}_fuzzer" $(parser_files "$name") |
    /usr/bin/python3 -c 'import json, sys
facts = json.load(sys.stdin)["data"][0]
for file in facts["files"]:
    lines = file["summary"]["lines"]
    print("    %5.1f %%  %s" % (lines["percent"], file["filename"].split("/kernel/")[-1]),
          file=sys.stderr)
print("%.1f" % facts["totals"]["lines"]["percent"])'
}

planted() { # NAME: the twin must find its bug
  local name=$1 work=$build/fuzz/$1
  mkdir -p "$work/planted" && cp "$here/corpus/$name"/* "$work/planted/"
  LLVM_PROFILE_FILE=/dev/null "$build/bin/${name}_planted" -max_total_time="$planted_seconds" \
    -max_len=65536 -artifact_prefix="$work/planted-" "$work/planted" >"$work/planted.log" 2>&1
  local code=$?
  [ $code -ne 0 ] && grep -q 'heap-buffer-overflow' "$work/planted.log"
}

one() { # NAME: everything about it; prints its verdicts
  local name=$1 work=$build/fuzz/$1 percent
  if fuzz "$name"; then
    echo "PASS $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") runs clean"
  else
    tail -n 40 "$work/log"
    echo "FAIL $name: a finding, see $work"
  fi
  percent=$(measure "$name" 2>"$work/files")
  cat "$work/files"
  if [ -n "$percent" ] && [ "${percent%.*}" -ge $coverage_min ]; then
    echo "PASS $name: $percent % of the parser's lines"
  else
    echo "FAIL $name: ${percent:-no} % of the parser's lines, wanted $coverage_min"
  fi
  if planted "$name"; then
    echo "PASS $name: found the planted over-read"
  else
    tail -n 20 "$work/planted.log"
    echo "FAIL $name: the planted over-read was not found in $planted_seconds s"
  fi
}

verdicts=$(mktemp)
trap 'rm -f "$verdicts"' EXIT
for name in $wanted; do
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do
    wait -n
  done
  { text=$(one "$name"); printf '%s\n' "$text" >>"$verdicts"; } &
done
wait
cat "$verdicts"
failed=$(grep -c '^FAIL ' "$verdicts")
passed=$(grep -c '^PASS ' "$verdicts")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
