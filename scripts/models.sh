#!/usr/bin/env bash
# Offers the Whisper model with which bots hear any voice, free words and Vietnamese, as long as it is not there.
#
#   scripts/models.sh COMMAND...   the command that runs the server's binary
#
# MODELS=no in the environment: nothing is offered; MODELS=yes: it is fetched without a question. CONFIG is the configuration:
# nothing is offered where it names another model, or none. Whatever becomes of it, the server can start.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly name=whisper-base
readonly model=models/ggml-base-q8_0.bin
readonly failed=models/.whisper-failed
readonly declined=models/.whisper-declined

say() { printf 'models: %s\n' "$*" >&2; }

[[ ! -e $model ]] || exit 0
grep -qF "$model" "${CONFIG:-configs/server.toml}" 2>/dev/null || exit 0
case ${MODELS:-} in
    0 | no) exit 0 ;;
    1 | yes) ;;
    *)
        # Nobody to ask: the server starts without it.
        [[ -t 0 && -t 2 && ! -e $declined ]] || exit 0
        [[ -z $(find "$failed" -mmin -60 2>/dev/null) ]] || exit 0
        # A job in the background would be stopped by its question.
        read -r _ _ _ _ group _ _ foreground _ <"/proc/$$/stat" && ((group == foreground)) || exit 0
        say "Whisper base lets bots hear any voice, free words and Vietnamese. 82 MB (133 MB from the mirror), licence MIT."
        printf 'models: fetch it now, once? [Y/n] ' >&2
        # Who does not answer within a minute gets the server.
        if ! read -r -t 60 answer; then
            printf '\n' >&2
            touch "$failed" 2>/dev/null || true
            say "no answer: the server starts without it"
            exit 0
        fi
        if [[ ! ${answer,,} =~ ^(y|yes|)$ ]]; then
            touch "$declined" 2>/dev/null || true
            say "not asked again; 'switchboard models get $name' fetches it"
            exit 0
        fi
        ;;
esac
if "$@" models get "$name" --config "${CONFIG:-configs/server.toml}"; then
    rm -f "$failed" "$declined" || true
else
    touch "$failed" 2>/dev/null || true
    say "the server starts without it; 'make run' asks again in an hour at the earliest"
fi
