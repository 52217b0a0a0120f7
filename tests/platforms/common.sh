# shellcheck shell=bash
# What the scripts of this folder share. They source it and call, in this order:
#
#     begin PLATFORM                        goes to the root of the repository
#     choose "PROGRAM..." "$@"              what to run: these, or what the script was called with
#     need PROGRAM-OR-FILE... -- PACKAGE... installs Debian packages
#     unpack FOLDER PACKAGE[=VERSION]...    or unpacks them beside the machine's own
#     build COMMAND...                      `cargo test` with its options; prints NAME and PROGRAM, one a line
#     run NAME COMMAND...                   runs a test program
#     check NAME COMMAND...                 runs a command that passes or fails as a whole
#     leave_out NAME REASON                 or says why not
#     summary                               prints the table, and fails if a test failed
#
# `skip REASON` ends a script for which the machine lacks something.

begin() {
    platform=$1
    cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
    # A plain shell may not know where rustup keeps its programs.
    export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    # Nothing is built twice here: what incremental builds keep would only fill the disk.
    export CARGO_INCREMENTAL=0
    work=$(mktemp -d)
    chmod 755 "$work"
    : >"$work/table"
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    need jq -- jq
}

# Sets `wanted` to cargo's options for the programs that are to run: those named after the first argument, every one
# after `--all`, or those in the first argument.
choose() {
    local programs=$1
    shift
    wanted=(--tests)
    [ "${1-}" != --all ] || return 0
    [ $# -eq 0 ] || programs=$*
    wanted=()
    for program in $programs; do
        if [ "$program" = lib ]; then
            wanted+=(--lib)
        else
            wanted+=(--test "$program")
        fi
    done
}

# A script with more to clean up defines it again.
clean_up() {
    rm -rf --one-file-system "$work"
}

skip() {
    echo "$platform skipped: $*"
    exit 0
}

may_install() {
    [ "$(id -u)" = 0 ] || skip "$1 is missing, and only root may install it"
    command -v apt-get >/dev/null || skip "$1 is missing, and there is no apt-get"
    [ -e "$work/updated" ] && return
    apt-get update -qq || skip "$1 is missing, and there is no list of packages"
    touch "$work/updated"
}

# Installs packages, unless every one of the programs or files before `--` is there.
need() {
    local missing=
    while [ "$1" != -- ]; do
        [ -e "$1" ] || command -v "$1" >/dev/null || missing=$1
        shift
    done
    shift
    [ -n "$missing" ] || return 0
    may_install "$missing"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        skip "$* cannot be installed"
}

# Unpacks packages into a folder, unless that was done before.
unpack() {
    local folder=$1
    shift
    [ "$(cat "$folder/packages" 2>/dev/null)" != "$*" ] || return 0
    may_install "$1"
    rm -rf "$folder" "$work/packages"
    mkdir -p "$folder" "$work/packages"
    chmod 777 "$work/packages"
    (cd "$work/packages" && apt-get download -qq "$@") || skip "$* cannot be downloaded"
    for package in "$work/packages/"*.deb; do
        dpkg -x "$package" "$folder"
    done
    echo "$*" >"$folder/packages"
}

# Prints the name and the path of each test program; the tests of the library itself are named `lib`.
build() {
    "$@" --no-run --message-format json-render-diagnostics |
        jq -r 'select(.profile.test == true and .executable != null) |
            (if .target.kind[0] == "lib" then "lib" else .target.name end) + " " + .executable'
}

# Adds a line to the table: name, passed, failed, skipped, seconds, and the reasons.
row() {
    printf '%-12s %-26s %4d passed %3d failed %3d skipped %5d s  %s\n' "$platform" "$@" | tee -a "$work/table"
}

leave_out() {
    row "$1" 0 0 1 0 "($2)"
}

# Runs a command or function that is one test by itself, and prints what it said if it fails.
check() {
    local name=$1 begun=$SECONDS failed=0
    shift
    "$@" >"$work/said" 2>&1 </dev/null || failed=1
    [ "$failed" = 0 ] || cat "$work/said"
    row "$name" $((1 - failed)) "$failed" 0 $((SECONDS - begun)) ""
}

# Runs a test program for ten minutes at most, or $seconds. Prints what it said if it fails.
run() {
    local name=$1 begun=$SECONDS status=0 said=$work/said
    shift
    timeout --kill-after=5 "${seconds:-600}" "$@" --show-output >"$said" 2>&1 </dev/null || status=$?
    # Lines of wine end with a carriage return.
    tr -d '\r' <"$said" >"$said.lines"
    local passed failed ignored reasons skipped
    read -r passed failed ignored <<<"$(results "$said.lines")"
    if [ "$status" != 0 ] || [ "$passed" = - ]; then
        cat "$said"
        echo "$name ended with $status"
    fi
    if [ "$passed" = - ]; then
        echo "$name did not get to the end of its tests"
        passed=0 failed=1 ignored=0
    elif [ "$status" != 0 ] && [ "$failed" = 0 ]; then
        failed=1
    fi
    # Each reason once, without the colon after the word.
    reasons=$(sed -n 's/^.*skipped\( in part\| the rest\)\?: //p' "$said.lines" | sort | uniq -c)
    skipped=$(awk -v ignored="$ignored" '{ sum += $1 } END { print sum + ignored }' <<<"$reasons")
    reasons=$(sed -E '/^$/d; s/^ *[0-9]+ //' <<<"$reasons" | paste -sd ';' | sed 's/;/; /g')
    row "$name" "$passed" "$failed" "$skipped" $((SECONDS - begun)) "${reasons:+($reasons)}"
}

# Prints how many tests of a program passed, failed and were ignored, or `-` for each if it did not get to its end.
# Tests run other processes of the program, whose results they may print: the program's own is of as many tests as it
# announced in its first line.
results() {
    awk '
        /^running [0-9]+ tests?$/ && announced == "" { announced = $2 }
        /^test result: / && $4 + $6 + $8 == announced { found = $4 " " $6 " " $8 }
        END { print found == "" ? "- - -" : found }' "$1"
}

# Prints what the rows of the table add up to. Names and reasons have words of their own.
summary() {
    printf '\n=== %s, in %d s\n' "$platform" "$SECONDS"
    cat "$work/table"
    awk '
        match($0, / [0-9]+ passed +[0-9]+ failed +[0-9]+ skipped /) {
            split(substr($0, RSTART, RLENGTH), words)
            passed += words[1]
            failed += words[3]
            skipped += words[5]
        }
        END {
            printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
            exit failed != 0
        }' "$work/table"
}
