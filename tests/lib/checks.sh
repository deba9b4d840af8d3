# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For scripts whose last line is a tally that tests/run counts. To be sourced:
#     check WHAT COMMAND...    one test: a line, and what a failing one said
#     counted COMMAND...       a script of this kind, as a part
#     skip WHAT WHY
#     finish                   the tally; ends the script
passed=0 failed=0 skipped=0

check() {
    local what=$1 said
    shift
    if said=$("$@" 2>&1 </dev/null); then
        echo "ok      $what"
        passed=$((passed + 1))
    else
        echo "FAILED  $what:"
        tail -n 40 <<<"$said" | sed 's/^/    /'
        failed=$((failed + 1))
        return 1
    fi
}

# counted COMMAND...: a script like this one, whose lines and numbers become this one's.
counted() {
    local said count
    said=$("$@" 2>&1 </dev/null)
    count=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' <<<"$said")
    sed '$d' <<<"$said"
    if [ -z "$count" ]; then
        echo "FAILED  $*: its last line is no tally: $(tail -n 1 <<<"$said")"
        count="0 1 0"
    fi
    # shellcheck disable=SC2086 # three numbers
    set -- $count
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

skip() {
    echo "SKIP    $1: $2"
    skipped=$((skipped + 1))
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed = 0 ] && [ $((passed + skipped)) -gt 0 ]
    exit
}
