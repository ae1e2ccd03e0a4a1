#!/usr/bin/env bash
# Judges what is written in JavaScript: layout and findings (biome.jsonc), of each file and of the widget's joined script.
# `scripts/web.sh fmt` lays the files out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

biome=tests/e2e/browser/node_modules/.bin/biome
if ! command -v node >/dev/null 2>&1 || ! [[ -x $biome ]]; then
    echo "web: skipped, node or $biome is missing: run scripts/setup.sh test" >&2
    exit 0
fi
if [[ ${1:-} = fmt ]]; then
    exec "$biome" format --write .
fi
# The fragments use each other's names: unknown and unused ones show in the whole.
node web/widget/build.mjs
exec "$biome" ci --error-on-warnings --colors=off .
