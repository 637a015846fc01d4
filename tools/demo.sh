#!/usr/bin/env bash
# The main job end to end: kernel and example host, a call, kill -9 of the kernel, the state again.
# tools/demo.sh BUILD_DIR [--once]. Called by ./dev run.
set -euo pipefail
build=$(cd "$1" && pwd); shift
root=$(cd "$(dirname "$0")/.." && pwd)
once=0; [ "${1:-}" = --once ] && once=1
port=${PROXY_HTTP_PORT:-9001} host_port=${USER_FUNCTION_PORT:-8090}
run=$(mktemp -d /tmp/spawn-demo.XXXXXX)
kernel_pid= host_pid=

finish() {
  [ -n "$host_pid" ] && kill "$host_pid" 2>/dev/null
  [ -n "$kernel_pid" ] && kill -INT "$kernel_pid" 2>/dev/null
  wait 2>/dev/null
  rm -rf "$run"
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() { echo "demo: $*" >&2; echo "--- kernel log" >&2; tail -n 20 "$run/kernel.log" >&2 || true; exit 1; }

start_kernel() {
  (cd "$run" && SPAWN_PLUGIN_PATH="$build/plugins" PROXY_HTTP_PORT=$port \
    USER_FUNCTION_PORT=$host_port SPAWN_PLUGIN_STORE="$run/plugin-store" \
    exec "$build/bin/spawnd" --config "$root/config/spawn.yaml" >>"$run/kernel.log" 2>&1) &
  kernel_pid=$!
  for _ in $(seq 200); do
    curl -fsS "http://127.0.0.1:$port/health/readiness" >/dev/null 2>&1 && return 0
    kill -0 "$kernel_pid" 2>/dev/null || fail "the kernel ended while starting"
    sleep 0.05
  done
  fail "the kernel was not ready within 10 s"
}

base="http://127.0.0.1:$port/v1/systems/spawn-system/actors"
call() { curl -fsS -X POST ${2:+-d "$2"} "$base/counter/$1"; }

echo "1. the kernel starts (SQLite file store, memory transport)"
start_kernel
echo "2. the example actor host starts and registers its actors"
"$build/bin/counter" --port "$host_port" --kernel "127.0.0.1:$port" --system spawn-system \
  >"$run/host.log" 2>&1 &
host_pid=$!
for _ in $(seq 200); do
  curl -fsS "$base/counter" >/dev/null 2>&1 && break
  kill -0 "$host_pid" 2>/dev/null || { cat "$run/host.log" >&2; fail "the host ended"; }
  sleep 0.05
done
echo "3. three calls"
for amount in 1 2 39; do echo "   Add $amount -> $(call Add "{\"amount\": $amount}")"; done
before=$(call Show)
echo "4. kill -9 of the kernel (pid $kernel_pid); the host goes on"
kill -9 "$kernel_pid"; wait "$kernel_pid" 2>/dev/null || true
start_kernel
after=$(call Show)
echo "5. the kernel is back; the host did not register again: Show -> $after"
[ "$before" = "$after" ] || fail "state was lost: $before before, $after after"
case "$after" in *42*) ;; *) fail "expected 42 in $after" ;; esac
echo "state survived kill -9"
[ $once = 1 ] && exit 0

cat <<T

The kernel and the host stay up; Ctrl-C ends both. Try:

  curl -d '{"amount": 2}' $base/counter/Add
  curl $base/counter
  $build/bin/spawnctl status
  $build/bin/spawnctl invoke spawn-system counter Add --json '{"amount": 5}'
  $build/bin/spawnctl actors list
T
while kill -0 "$kernel_pid" 2>/dev/null; do sleep 1; done
fail "the kernel ended"
