#!/bin/bash
# Runs the fuzzers of a build: run.sh BUILD SECONDS [NAME...]
#
# Each fuzzer gets SECONDS on a copy of its corpus and must end without a finding; the corpus it
# ends with must cover 80 % of the lines of its parser; and its twin with the planted over-read
# must start clean from the same corpus and crash of just that. Two run at a time. Findings are
# kept in BUILD/fuzz/NAME; a clean run leaves what it learnt there, too.
set -u
build=${1:?usage: run.sh BUILD SECONDS [NAME...]}
seconds=${2:?usage: run.sh BUILD SECONDS [NAME...]}
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$(cd "$build" && pwd) || exit 2
wanted=${*:-config ingress elf_note host_reply route cron webhook}
planted_seconds=60
coverage_min=80

parser_files() {
  local kernel=$root/kernel
  case $1 in
    ingress) echo "$kernel"/wire/{reader.cpp,reader.hpp,common.cpp,invocation.cpp} \
                  "$kernel"/wire/registration.cpp \
                  "$kernel"/ingress/{request_reader.hpp,http_message.hpp} ;;
    host_reply) echo "$kernel"/wire/{reader.cpp,reader.hpp,common.cpp,host_call.cpp} \
                     "$kernel"/hostcall/response_reader.hpp ;;
    # All that reads it; the admin socket is made from what was read.
    config) find "$kernel/config" -name '*.cpp' ! -name admin_socket.cpp | sort ;;
    elf_note) echo "$kernel"/plugin/{elf_bytes.hpp,elf_dynamic.cpp,elf_file.cpp,elf_note.cpp} \
                   "$kernel"/plugin/{lint.cpp,manifest.cpp,json_text.cpp} ;;
    route) echo "$kernel"/intake/{content.cpp,event.cpp,route_table.cpp} \
                "$kernel"/base/text_template.cpp ;;
    cron) echo "$kernel"/schedule/{cron.cpp,cron_parse.cpp,reminder_spec.cpp,time_zone.cpp} ;;
    webhook) echo "$root"/plugins/activators/http/{uri.cpp,text_template.cpp,routes.cpp,auth.cpp} \
                  "$root"/plugins/activators/http/{json_text.cpp,cloud_events.cpp,intake.cpp} \
                  "$root"/plugins/activators/http/descriptors.cpp ;;
  esac
}

dictionary() {
  case $1 in
    ingress | host_reply) echo "$here/dict/http.dict" ;;
    *) echo "$here/dict/$1.dict" ;;
  esac
}

length_max() {
  # YAML is slow to read, and the whole sample has 4 KiB.
  if [ "$1" = config ]; then echo 6144; else echo 16384; fi
}

with_corpus() { # NAME FOLDER: a copy of the corpus there; false when there is none
  local name=$1 to=$2
  mkdir -p "$to" && cp "$here/corpus/$name"/* "$to/" 2>/dev/null &&
    [ "$(find "$to" -type f -size +0 | wc -l)" -gt 0 ]
}

fuzz() { # NAME: one clean run
  local name=$1 work=$build/fuzz/$1
  LLVM_PROFILE_FILE=/dev/null "$build/bin/${name}_fuzzer" -max_total_time="$seconds" \
    -timeout=20 -rss_limit_mb=2048 -max_len="$(length_max "$name")" -dict="$(dictionary "$name")" \
    -print_final_stats=1 -artifact_prefix="$work/finding-" "$work/corpus" >"$work/log" 2>&1
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
root = sys.argv[1]
wanted = set(sys.argv[2:])
for file in facts["files"]:
    lines = file["summary"]["lines"]
    wanted.discard(file["filename"])
    print("    %5.1f %%  %s" % (lines["percent"], file["filename"].removeprefix(root + "/")),
          file=sys.stderr)
for file in sorted(wanted):
    print("    not in the fuzzer: " + file, file=sys.stderr)
if not wanted:
    print("%.1f" % facts["totals"]["lines"]["percent"])' "$root" $(parser_files "$name")
}

planted() { # NAME: the twin starts clean, then finds its bug and no other
  local name=$1 work=$build/fuzz/$1
  local twin=$build/bin/${name}_planted
  rm -rf "$work/planted"
  with_corpus "$name" "$work/planted" || return 1
  if ! LLVM_PROFILE_FILE=/dev/null "$twin" -runs=0 "$work/planted" >"$work/planted.log" 2>&1; then
    echo "the corpus has the planted shape, or the twin does not run" >>"$work/planted.log"
    return 1
  fi
  LLVM_PROFILE_FILE=/dev/null "$twin" -max_total_time="$planted_seconds" -timeout=20 \
    -max_len="$(length_max "$name")" -dict="$(dictionary "$name")" \
    -artifact_prefix="$work/planted-" "$work/planted" >"$work/planted.log" 2>&1
  local code=$?
  [ $code -ne 0 ] && grep -q '^planted over-read' "$work/planted.log" &&
    grep -q 'ERROR: AddressSanitizer: heap-buffer-overflow' "$work/planted.log"
}

one() { # NAME: everything about it; prints its verdicts
  local name=$1 work=$build/fuzz/$1 percent begin
  rm -rf "$work"
  if [ -z "$(parser_files "$name")" ]; then
    echo "FAIL $name: no such fuzzer"
    return
  fi
  if ! with_corpus "$name" "$work/corpus"; then
    echo "FAIL $name: no corpus in $here/corpus/$name"
    return
  fi
  if fuzz "$name"; then
    echo "PASS $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log") runs clean," \
      "$(sed -n 's/^stat::average_exec_per_sec: *//p' "$work/log") a second"
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
  begin=$SECONDS
  if planted "$name"; then
    echo "PASS $name: found the planted over-read in $((SECONDS - begin)) s"
  else
    tail -n 20 "$work/planted.log"
    echo "FAIL $name: the planted over-read was not found, $((SECONDS - begin)) s"
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
# Three verdicts of each; one that said nothing did not run.
[ "$failed" -eq 0 ] && [ "$passed" -eq $((3 * $(wc -w <<<"$wanted"))) ]
