#!/usr/bin/env bash
# Runs all tests. Calls on real sockets run in real time, and a busy machine can spoil one: tests that fail run again, one
# at a time, up to twice, and are named; one that never passes fails the run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# All output goes to the terminal and to the log. Always the whole workspace: other features would build anew.
run() { "${CARGO:-cargo}" test --workspace --no-fail-fast "$@" 2>&1 | tee -a "$log"; }

# Whole calls last, all started at once: they mostly wait, and take turns by themselves (tests/e2e/testbed.rs).
everything() {
    local main name failed=0 rest=()
    for main in tests/*/main.rs */tests/*/main.rs; do
        name=$(basename "$(dirname "$main")")
        [ "$name" = e2e ] || rest+=(--test "$name")
    done
    run --lib --bins "${rest[@]}" || failed=1
    run --doc || failed=1
    run --test e2e -- --test-threads 100 || failed=1
    return "$failed"
}

# The targets that failed, as cargo names them at its end (`-p media --lib`) but for the crate.
targets() { sed -nE 's/^ +`-p [^ ]+ ([^`]+)`$/\1/p' "$log" | sort -u; }

# The tests that failed, from the list at the end of each target.
names() { sed -n '/^failures:$/,/^test result: /p' "$log" | sed -nE 's/^    ([A-Za-z0-9_:]+)$/\1/p' | sort -u; }

# Whether a target ended without telling its result.
died() { [ "$(grep -cE '^running [0-9]+ tests?$' "$log")" != "$(grep -c '^test result: ' "$log")" ]; }

# What failed and then passed is a fault of its own kind: a test that a busy machine spoils, or code that it does.
flaky=()
report() {
    ((${#flaky[@]})) || return 0
    printf '\n== %s passed only when repeated:\n' "${#flaky[@]} tests"
    printf '   flaky: %s\n' "${flaky[@]}"
}

everything && exit
for attempt in 2 3; do
    failed=$(targets)
    # Without any it was no test that failed.
    [ -n "$failed" ] || exit 1
    mapfile -t tests < <(names)
    chosen=(-- --test-threads 1)
    # Tests can be chosen by name where each that failed has one, which examples in docs have not.
    if ((${#tests[@]})) && ! died && [[ $failed != *--doc* ]]; then
        read -ra chosen <<<"${failed//$'\n'/ } -- --test-threads 1 --exact ${tests[*]}"
    fi
    mapfile -t seeds < <(grep -oE 'seed[ =:]+[0-9]+' "$log" | sort -u | head -n 5)
    printf '\n== attempt %s, one at a time: %s\n' "$attempt" "${tests[*]:-all}"
    before=("${tests[@]:-all of a target}")
    passed=0
    : >"$log"
    run "${chosen[@]}" && passed=1
    mapfile -t again < <(names)
    for test in "${before[@]}"; do
        died && break
        [[ $'\n'"$(printf '%s\n' "${again[@]}")"$'\n' == *$'\n'"$test"$'\n'* ]] ||
            flaky+=("$test (attempt $((attempt - 1)) failed, attempt $attempt passed${seeds:+; ${seeds[*]}})")
    done
    if ((passed)); then
        report
        exit
    fi
done
report
echo "== never passed: $(names | tr '\n' ' ')"
exit 1
