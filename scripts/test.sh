#!/usr/bin/env bash
# Runs all tests. Calls on real sockets run in real time, and a busy machine can spoil one: a test that fails runs again,
# alone, up to twice, and is named; one that never passes fails the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# All output goes to the terminal, and the last run's to the log.
run() { "${CARGO:-cargo}" test "$@" 2>&1 | tee "$log"; }

# The tests that failed, from the list at the end of each target.
names() { sed -n '/^failures:$/,/^test result: /p' "$log" | sed -nE 's/^    ([A-Za-z0-9_:]+)$/\1/p' | sort -u; }

run --workspace --no-fail-fast && exit
# As cargo names them at its end: `-p media --lib`. Without any it was no test that failed.
mapfile -t targets < <(sed -nE 's/^ +`(-p [^`]+)`$/\1/p' "$log")
((${#targets[@]})) || exit 1
mapfile -t first < <(names)
status=0
for target in "${targets[@]}"; do
    read -ra arguments <<<"$target"
    failed=("${first[@]}")
    for attempt in 2 3 none; do
        if [ "$attempt" = none ]; then
            echo "== never passed: $target: ${failed[*]}"
            status=1
            break
        fi
        echo "== attempt $attempt, one at a time: $target: ${failed[*]:-all of it}"
        if run "${arguments[@]}" -- --test-threads 1 ${failed[@]+--exact "${failed[@]}"}; then
            # A target that died names no test; then all of it has to pass.
            grep -qE '^running [1-9]' "$log" && break
            failed=()
        else
            mapfile -t failed < <(names)
        fi
    done
done
exit "$status"
