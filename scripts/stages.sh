#!/usr/bin/env bash
# Instructions per frame of each stage of the sound path, by callgrind, against media/benches/stages.baseline.
#   scripts/stages.sh            compares: more than 2 % off in either direction fails
#   scripts/stages.sh --update   writes the baseline anew; say in the commit why the counts changed
# Counts depend on the compiler and on what the processor can do (libraries choose their loops by it): where the baseline's are
# others, differences are shown and do not fail.
# Built like the tests, but media optimised as in a release: everything below it is shared with `cargo test --workspace`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

baseline=media/benches/stages.baseline
if ! command -v valgrind >/dev/null 2>&1; then
    echo "stages: skipped, valgrind is not installed (apt-get install valgrind)"
    exit 0
fi
# One unit and nothing incremental: how code is cut into units would move the counts by more than a percent.
built=$(CARGO_INCREMENTAL=0 cargo bench --profile dev --workspace --bench stages --no-run --message-format=json-render-diagnostics \
    --config 'profile.dev.package.media.opt-level=3' \
    --config 'profile.dev.package.media.codegen-units=1' \
    --config 'profile.dev.package.media.debug-assertions=false' \
    --config 'profile.dev.package.media.overflow-checks=false')
program=$(grep -o '"executable":"[^"]*stages-[^"]*"' <<<"$built" | tail -n 1 | cut -d '"' -f 4)
out=$(mktemp)
trap 'rm -f "$out"' EXIT
valgrind --tool=callgrind --callgrind-out-file="$out" "$program" 2>/dev/null
frames=$(grep -oE 'const FRAMES: usize = [0-9]+' media/benches/stages.rs | grep -oE '[0-9]+$')
compiler="$(rustc --version), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1) $(sed -n 's/^flags[^:]*: //p' /proc/cpuinfo | head -n 1 | cksum | cut -d ' ' -f 1)"
# Inclusive counts: "  1,234,567 (12.3%)  file:stages::stage_name [...]".
counts=$(callgrind_annotate --inclusive=yes --threshold=100 "$out" 2>/dev/null | grep -E 'stages::stage_[a-z0-9_]+' |
    sed -E 's/^ *([0-9,]+).*stages::stage_([a-z0-9_]+).*/\2 \1/' | tr -d ',' |
    awk -v frames="$frames" '!seen[$1]++ { printf "%s %d\n", $1, $2 / frames }' | LC_ALL=C sort)
if [[ -z $counts ]]; then
    echo "stages: callgrind named no stage: is the program stripped?" >&2
    exit 1
fi
if [[ ${1:-} = --update ]]; then
    { echo "# Instructions per frame (20 ms, earshot: 32 ms); scripts/stages.sh --update writes this. $compiler"; echo "$counts"; } >"$baseline"
fi
strict=1
if ! grep -qF "$compiler" "$baseline"; then
    strict=0
    echo "stages: the baseline was made by another compiler or on another processor; differences do not fail"
fi
awk -v strict="$strict" '
    FNR == NR { if ($1 != "#") base[$1] = $2; next }
    {
        if (!($1 in base)) { printf "%-14s %8d  new: scripts/stages.sh --update\n", $1, $2; off = 1; next }
        change = 100 * ($2 - base[$1]) / base[$1]
        mark = (change > 2 || change < -2) ? "  <-- more than 2 %" : ""
        if (mark != "") off = 1
        printf "%-14s %8d  %+6.2f %%%s\n", $1, $2, change, mark
        delete base[$1]
    }
    END {
        for (name in base) { printf "%-14s is gone: scripts/stages.sh --update\n", name; off = 1 }
        if (off && strict) { print "Slower: find out why. Faster, or worth it: scripts/stages.sh --update, and commit the baseline."; exit 1 }
    }' "$baseline" <(echo "$counts")
