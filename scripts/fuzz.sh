#!/usr/bin/env bash
# Feeds the parsers of what strangers send with inputs that coverage guides (libFuzzer), SECONDS_EACH per target, on the
# stable compiler: coverage without a sanitizer, since the workspace's own code holds next to no unsafe.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"
seconds=${1:-60}
out=${CARGO_TARGET_DIR:-$PWD/../target}/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
coverage=(-Cpasses=sancov-module)
for option in level=4 inline-8bit-counters pc-table; do
    coverage+=("-Cllvm-args=-sanitizer-coverage-$option")
done
CARGO_TARGET_DIR=$out RUSTFLAGS="--cfg fuzzing ${coverage[*]} -Cdebug-assertions -Ccodegen-units=1" \
    "${CARGO:-cargo}" build --target "$host"
status=0
for target in fuzz_targets/*.rs; do
    name=$(basename "$target" .rs)
    mkdir -p "$out/corpus/$name" "$out/found/$name"
    echo "== $name, $seconds s"
    # What it finds stays in found/ and fails the run; what it learned stays in corpus/ for the next one.
    "$out/$host/debug/$name" -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=1024 -timeout=5 -print_final_stats=1 \
        -artifact_prefix="$out/found/$name/" "$out/corpus/$name" "seeds/$name" 2>&1 |
        grep -vE '^#[0-9]+\s+(NEW|REDUCE|pulse|RELOAD)' || status=1
done
exit "$status"
