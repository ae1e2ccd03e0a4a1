#!/usr/bin/env bash
# Installs what Switchboard needs on Debian and Ubuntu, and names what is missing elsewhere.
#
#   scripts/setup.sh [run|test|bench] [--retry]
#
#   run      to build and run the server (default)
#   test     what the tests need besides
#   bench    what the benches compare with besides
#   --retry  try the download of the Silero model again, though it failed within the last hour
#
# Nothing is touched when nothing is missing: a second run only looks, which takes a fraction of a second.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=run
retry=no
for argument in "$@"; do
    case $argument in
        run | test | bench) purpose=$argument ;;
        --retry) retry=yes ;;
        *)
            sed -n '2,11s/^# \{0,1\}//p' "$0"
            exit 2
            ;;
    esac
done

readonly rust_wanted=1.95
readonly silero=models/silero_vad_op18_ifless.onnx
readonly silero_sha256=7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28
readonly silero_failed=models/.silero-failed

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

# --- What is needed: Debian package | command or function that finds it | what it is for ---------------------------
needs_run=(
    'make|have make|drives the builds of C and C++ parts'
    'g++|have g++|compiles the C and C++ parts'
    'cmake|have cmake|builds whisper.cpp'
    'pkg-config|have pkg-config|finds C libraries'
    'pocketsphinx-en-us|find_english|speech recognition, the English model'
    'flite1-dev|find_flite|English voices, the library with its headers'
    'espeak-ng|have espeak-ng|Vietnamese voice, phonemes of neural voices (runs as a program of its own)'
)
needs_test=(
    'sip-tester|have sipp|drives the SIP tests (sipp)'
    'baresip-core|have baresip|an independent SIP phone that calls the bots'
    'linphone-cli|have linphonec|another one, that transfers calls attended'
    'sox|have sox|prepares the test sounds'
    'flite|have flite|speaks the test callers'
    'chromium|have chromium|the browser that calls the bots'
    'firefox-esr|have firefox-esr|another one'
    'nodejs|have node|drives those browsers'
    'npm|have npm|fetches what drives them, what they sign in by, and the linter of the JavaScript'
    'coturn|have turnserver|a relay for browser calls'
    'python3|have python3|runs what validates the description of the API'
    'python3-pip|find_pip|fetches it'
)
needs_bench=(
    'rtpengine-daemon|have rtpengine|the media proxy that our bridge is measured beside'
)

find_english() { [[ -e /usr/share/pocketsphinx/model/en-us/en-us/mdef ]]; }
find_flite() {
    printf '#include <flite/flite.h>\nint main(void) { return 0; }\n' |
        cc -x c -o /dev/null - -lflite_cmu_us_rms -lflite_cmu_us_slt -lflite_cmu_us_kal16 \
            -lflite_usenglish -lflite_cmulex -lflite 2>/dev/null
}
find_silero() { [[ -s $silero ]] && printf '%s  %s\n' "$silero_sha256" "$silero" | sha256sum --check --status; }
find_certificates() { [[ -e /etc/ssl/certs/ca-certificates.crt || -e /etc/pki/tls/certs/ca-bundle.crt || -e /etc/ssl/cert.pem ]]; }
find_pip() { python3 -m pip --version >/dev/null 2>&1; }
silero_due() { ! find_silero && { [[ $retry = yes ]] || [[ -z $(find "$silero_failed" -mmin -60 2>/dev/null) ]]; }; }

list_missing() {
    local need package finder
    missing=()
    for need in "${needs[@]}"; do
        IFS='|' read -r package finder _ <<<"$need"
        $finder || missing+=("$package")
    done
}

print_missing() {
    local need package purpose_of
    for need in "${needs[@]}"; do
        IFS='|' read -r package _ purpose_of <<<"$need"
        [[ " ${missing[*]} " != *" $package "* ]] || printf '    %-22s %s\n' "$package" "$purpose_of" >&2
    done
}

# --- One long step: a line that counts the seconds; its output is shown only when it fails -------------------------
step() {
    local title=$1 started=$SECONDS log status=0 job
    shift
    log=$(mktemp)
    "$@" </dev/null >"$log" 2>&1 9>&- &
    job=$!
    if [[ -t 2 ]]; then
        while kill -0 "$job" 2>/dev/null; do
            printf '\rsetup: %s … %d s' "$title" $((SECONDS - started)) >&2
            sleep 0.5
        done
        printf '\r\033[K' >&2
    else
        say "$title …"
    fi
    wait "$job" || status=$?
    if [[ $status = 0 ]]; then
        say "$title: done in $((SECONDS - started)) s"
    else
        say "$title: failed after $((SECONDS - started)) s"
        tail -n 15 "$log" | sed 's/^/    | /' >&2
    fi
    rm -f "$log"
    return "$status"
}

# --- Rust ----------------------------------------------------------------------------------------------------------
check_rust() {
    local version
    if ! have cargo; then
        say "Rust is missing: install it from https://rustup.rs (Debian's own is too old), then open a new shell"
        exit 1
    fi
    version=$(rustc --version 2>/dev/null | awk '{print $2}')
    if [[ $(printf '%s\n%s\n' "$rust_wanted" "$version" | sort --version-sort | head -n 1) != "$rust_wanted" ]]; then
        say "Rust $rust_wanted or newer is needed, this is ${version:-unknown} ($(command -v rustc)): run 'rustup update stable'"
        exit 1
    fi
}

# --- Packages ------------------------------------------------------------------------------------------------------
is_debian() {
    local like
    # shellcheck source=/dev/null
    like=$(. /etc/os-release 2>/dev/null && printf '%s %s' "${ID:-}" "${ID_LIKE:-}")
    [[ " $like " =~ [[:space:]](debian|ubuntu)[[:space:]] ]] && have apt-get
}

as_root=()
become_root() {
    [[ $(id -u) != 0 ]] || return 0
    if have sudo; then
        as_root=(sudo)
        sudo -n true 2>/dev/null && return 0
        if [[ -t 0 ]]; then
            say "sudo may ask for your password to install: ${missing[*]}"
            sudo -v && return 0
        fi
    fi
    say "packages are missing and this user may not install them; as root, run"
    say "    apt-get install --no-install-recommends ${missing[*]}"
    say "and then this command again. What they are for:"
    print_missing
    exit 1
}

apt() {
    # needrestart (Ubuntu) and debconf would ask; another apt that runs at this moment is waited for.
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
        apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@"
}

install_packages() {
    list_missing
    [[ ${#missing[@]} != 0 ]] || return 0
    if ! is_debian; then
        say "this is neither Debian nor Ubuntu, so please install these yourself (the names are Debian's):"
        print_missing
        exit 1
    fi
    become_root
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    # One broken third-party source makes the update fail though all that is needed can be had: the install decides.
    step "reading the lists of packages" apt update || true
    if ! step "installing packages" apt install --no-install-recommends "${missing[@]}"; then
        say "apt-get could not install them; the lines above say why. What they are for:"
        print_missing
        exit 1
    fi
    hash -r
    list_missing
    if [[ ${#missing[@]} != 0 ]]; then
        say "installed, but still not found:"
        print_missing
        exit 1
    fi
}

# --- Silero --------------------------------------------------------------------------------------------------------
install_silero() {
    if find_silero; then
        rm -f "$silero_failed"
        return 0
    fi
    if silero_due && have python3; then
        if step "fetching the Silero voice detector (11 MB)" python3 scripts/silero.py "$silero" && find_silero; then
            rm -f "$silero_failed"
            return 0
        fi
        touch "$silero_failed"
    fi
    say "without the Silero model ($silero) the server detects speech with its built-in earshot alone:"
    say "it works, but hears onsets later and noises as speech more often. 'make setup' tries the download again."
}

# --- What drives the browser -----------------------------------------------------------------------------------------
readonly driver=tests/e2e/browser

install_driver() {
    local installed=$driver/node_modules/.installed
    cmp -s "$driver/package-lock.json" "$installed" && return 0
    if step "fetching what drives the browser and judges what it runs (40 MB)" npm --prefix "$driver" ci --ignore-scripts --no-audit --no-fund; then
        cp "$driver/package-lock.json" "$installed"
    else
        say "without it the tests of the browser caller and the judgement of the JavaScript are skipped. 'make setup' tries again."
    fi
}

# --- What judges the API's description -------------------------------------------------------------------------------
readonly judge=tests/openapi

# What is compiled in it is for one version of Python.
judge_wanted() { python3 --version && cat "$judge/requirements.txt"; }

install_judge() {
    local installed=$judge/site/.installed
    if have python3 && find_pip; then
        judge_wanted 2>/dev/null | cmp -s - "$installed" && return 0
        rm -rf "$judge/site"
        if step "fetching what validates the API's description (12 MB)" python3 -m pip install --quiet \
            --disable-pip-version-check --target "$judge/site" --requirement "$judge/requirements.txt"; then
            judge_wanted >"$installed"
            return 0
        fi
    fi
    say "without it the API's answers are held against its description by our own code alone. 'make setup' tries again."
}

mkdir -p models
if have flock; then
    # `make run` and `make test` in two terminals: the second waits, then finds all done.
    exec 9>models/.lock
    flock 9
fi

check_rust
needs=("${needs_run[@]}")
[[ $purpose = run ]] || needs+=("${needs_test[@]}")
[[ $purpose != bench ]] || needs+=("${needs_bench[@]}")
if silero_due && is_debian; then
    needs+=('python3|have python3|fetches the Silero model' 'python3-pip|find_pip|knows where Python packages lie'
        'ca-certificates|find_certificates|secure downloads')
fi
install_packages
install_silero
[[ $purpose = run ]] || install_driver
[[ $purpose = run ]] || install_judge
