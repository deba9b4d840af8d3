#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# No handler that runs on an event thread reaches what waits: that does not compile. Docs: design 0017.
set -u
: "${ZREG_SRCDIR:?run me with ./run, or by make check}" "${CC:=cc}"
number=0

# program ON_EVENT_THREAD ON_WORKER
program()
{
    cat <<EOF
#include "server/handlers.h"
static void end(zreg__call *call)
{
    bool more; zreg_strings *names; uint64_t size; zreg_digest digest = {.text = ""};
    (void)more; (void)names; (void)size; (void)digest; (void)call;
    $1;
}
static void work(zreg__call *call, zreg__store *store)
{
    bool more; zreg_strings *names;
    (void)more; (void)names; (void)call; (void)store;
    $2;
}
const zreg__route row = {"GET", "/x", .end = end, .work = work};
EOF
}

# try WANTED WHAT SOURCE: whether it compiles
try()
{
    number=$((number + 1))
    # The compiler may be given with options, such as "ccache gcc".
    # shellcheck disable=SC2086
    if said=$(printf '%s\n' "$3" | $compiler -x c -std=gnu11 -Wall -Werror -fsyntax-only -I"$ZREG_SRCDIR/libzreg" - 2>&1)
    then found=yes; else found=no; fi
    if [ "$found" = "$1" ]; then
        echo "ok $number - $2, by $compiler"
    else
        echo "not ok $number - $2, by $compiler"
        printf '%s\n' "$said" | sed 's/^/# /'
    fi
}

tags='zreg__store_tags(&names, &more, STORE, call->repository, NULL, 1, NULL)'
of_event=$(printf '%s' "$tags" | sed 's/STORE/call->server->store/')
of_worker=$(printf '%s' "$tags" | sed 's/STORE/store/')

for compiler in "$CC" clang; do
    command -v "${compiler%% *}" >/dev/null 2>&1 || continue
    try yes "a worker lists" "$(program '' "$of_worker")"
    try yes "an event thread looks for a blob" \
        "$(program 'zreg__store_blob_stat(&size, call->server->store, call->repository, &digest, NULL)' '')"
    try no "an event thread that lists is refused" "$(program "$of_event" '')"
    try no "an event thread that commits is refused" \
        "$(program 'zreg__store_upload_commit(call->server->store, call->upload, &digest, NULL)' '')"
    try no "an event thread has no worker to show" \
        "$(program 'zreg__worker on; zreg__store_for_worker(call->server->store, &on)' '')"
    try no "a handler for workers is none for event threads" \
        "$(program '' '' | sed 's/.end = end/.end = work/')"
done

# The pointer that is not const is for visits and the end, and in no handler's file.
number=$((number + 1))
if used=$(grep -ln 'whole_store' "$ZREG_SRCDIR"/libzreg/*/*.c | grep -v '/server/server\(_end\)\{0,1\}\.c$'); then
    echo "not ok $number - nothing else has the whole store"
    printf '%s\n' "$used" | sed 's/^/# /'
else
    echo "ok $number - nothing else has the whole store"
fi
echo "1..$number"
