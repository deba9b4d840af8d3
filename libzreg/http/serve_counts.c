/* SPDX-License-Identifier: Apache-2.0 */
/* What a server tells of itself. Each loop counts for itself; here it is added up. */
#include "http/serve_inner.h"

#include "base/clock.h"
#include <poll.h>

static const char *const stage_names[ZREG__SERVE_COUNTED_STAGES] = {
    [ZREG__SERVE_STAGE_PROXY] = "proxy",   [ZREG__SERVE_STAGE_HELLO] = "hello",
    [ZREG__SERVE_STAGE_IDLE] = "idle",     [ZREG__SERVE_STAGE_HEAD] = "head",
    [ZREG__SERVE_STAGE_BODY] = "body",     [ZREG__SERVE_STAGE_WORK] = "work",
    [ZREG__SERVE_STAGE_ANSWER] = "answer", [ZREG__SERVE_STAGE_REFUSED] = "refused",
    [ZREG__SERVE_STAGE_LINGER] = "linger",
};

_Static_assert(ZREG__SERVE_STAGE_CLOSED == ZREG__SERVE_COUNTED_STAGES, "a stage without a name");

static const int fault_statuses[ZREG__SERVE_COUNTED_FAULTS] = {400, 408, 413, 414, 417,
                                                               431, 501, 503, 505, 0};

void zreg__serve_counts_fault(zreg__serve *serve, int status)
{
    size_t at = 0;
    while (fault_statuses[at] != status && fault_statuses[at] != 0) {
        at++;
    }
    atomic_fetch_add(&serve->faults[at], 1);
}

static void count_loop(zreg__serve_counts *to, const zreg__serve_loop *loop)
{
    to->accepted += zreg__counter_get(&loop->accepted);
    for (size_t i = 0; i < ZREG__SERVE_COUNTED_STAGES; i++) {
        to->stages[i].stage = stage_names[i];
        to->stages[i].connections += (unsigned)zreg__counter_get(&loop->counts[i]);
    }
}

void zreg__serve_count(zreg__serve_counts *out, zreg__serve *serve)
{
    *out = (zreg__serve_counts){
        .turned_away = atomic_load(&serve->shut_out),
        .held_bytes = zreg__serve_crowd_total(serve->holders),
    };
    for (unsigned i = 0; i < serve->loop_count; i++) {
        count_loop(out, &serve->loops[i]);
    }
    for (size_t i = 0; i < ZREG__SERVE_COUNTED_FAULTS; i++) {
        out->faults[i].status = fault_statuses[i];
        out->faults[i].answers = atomic_load(&serve->faults[i]);
    }
    for (size_t i = 0; i < serve->lane_count; i++) {
        zreg__pool_count(&out->lanes[i].waiting, &out->lanes[i].running, serve->lanes[i]);
        out->lanes[i].refused = atomic_load(&serve->refused[i]);
    }
}

#define LOOK_AGAIN_MS 2

/* Woken, it has to begin another turn. The thread that asks is not stuck. */
static bool comes_round(zreg__serve_loop *loop, uint64_t until_ms)
{
    uint64_t before = zreg__counter_get(&loop->turns);
    if (pthread_equal(loop->thread, pthread_self())) {
        return true;
    }
    zreg__serve_turns_wake(loop);
    while (zreg__counter_get(&loop->turns) == before) {
        if (atomic_load(&loop->serve->is_draining) || zreg__clock_ms() >= until_ms) {
            return false;
        }
        poll(NULL, 0, LOOK_AGAIN_MS);
    }
    return true;
}

bool zreg__serve_comes_round(zreg__serve *serve, uint32_t timeout_ms)
{
    uint64_t until_ms = zreg__clock_ms() + timeout_ms;
    for (unsigned i = 0; i < serve->loop_count; i++) {
        if (!comes_round(&serve->loops[i], until_ms)) {
            return false;
        }
    }
    return true;
}
