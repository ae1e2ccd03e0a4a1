#!/bin/sh
# Installs the official Python SDK of the Model Context Protocol for tests, once, below target/mcp-sdk, and prints where (for PYTHONPATH).
# Two versions: one whose newest protocol has no `initialize`, and one of the protocol before. Usage: scripts/mcp.sh new|old
set -eu
cd "$(dirname "$0")/.."
case "${1:-new}" in
new) version=2.3.0 ;;
old) version=1.26.0 ;;
*) echo "usage: scripts/mcp.sh new|old" >&2; exit 2 ;;
esac
dir="target/mcp-sdk/$version"
if [ ! -e "$dir/ready" ]; then
    rm -rf "$dir"
    python3 -m pip install --quiet --disable-pip-version-check --target "$dir" "mcp==$version" >&2
    touch "$dir/ready"
fi
echo "$PWD/$dir"
