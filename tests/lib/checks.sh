# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For scripts whose last line is a tally that tests/run counts. To be sourced:
#     check WHAT COMMAND...    one test: a line, and what a failing one said
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

skip() {
    echo "SKIP    $1: $2"
    skipped=$((skipped + 1))
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ $failed = 0 ] && [ $((passed + skipped)) -gt 0 ]
    exit
}
