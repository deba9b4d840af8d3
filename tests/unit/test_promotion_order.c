/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of promotions (docs/design/0006) in every interleaving: promoters take the library's own
 * steps (promotion_steps.h) on one registry. Each may be killed at any of its requests, or be done,
 * and is then run again at any later time, or never. A write may be sent twice, as by a client that
 * lost the answer.
 *
 * A kill at a request means that this and all later ones are not carried out; one whose answer
 * nobody reads is the kill at the next. States are visited once: what is to come depends only on the
 * registry and on where each promoter stands. So the ways through the states are all interleavings,
 * and are counted without being gone one by one.
 */
#include "promotion_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WAY 512

/* How much goes wrong. */
typedef struct setting {
    int promoters;
    int tags;
    int kills;        /* of each promoter, */
    int kills_in_all; /* and of all together; 0: no limit */
    int resends;      /* of each promoter's writes */
    bool may_leave;   /* a killed one may never be run again */
    bool keep;        /* the temporary tags, so that nobody looks at the final ones again */
    bool reduced;     /* what no other promoter can notice is done at once */
} setting;

/* One promoter. A number of it is a bit from 1 on in the masks. */
typedef struct actor {
    uint16_t at;
    uint8_t kills;
    uint8_t resends;
    uint8_t saw_gone; /* who had gone for good when this run began */
    uint8_t gone;
} actor;

/* Everything that what is to come depends on. Compared as bytes, so there are none between. */
typedef struct world {
    actor actors[MAX_PROMOTERS + 1];
    uint8_t record[MAX_TAGS];
    uint8_t holds[MAX_TAGS];
    uint8_t temporary; /* of whom it is there */
    uint8_t covered;   /* of those that have gone: a whole run came after them */
    uint8_t went_back; /* tags whose record was overwritten by an earlier change's */
    uint8_t kills;     /* of all together, that are left */
} world;

typedef struct seen {
    world state;
    double ways; /* from here to an end; 0: free */
    double lost; /* of these: with the latest promotion lost */
} seen;

typedef struct event {
    int promoter;
    const char *what;
    step taken;
} event;

static struct {
    setting set;
    seen *table;
    size_t room;
    size_t count;
    event way[MAX_WAY]; /* how the present state was reached, for messages */
    unsigned depth;
} search;

static const char *const kind_names[] = {
    [READ_RECORD] = "reads record",           [READ_TAG] = "reads tag",
    [READ_TEMPORARY] = "reads temporary",     [READ_DIGEST] = "reads digest",
    [WRITE_RECORD] = "writes record",         [WRITE_TAG] = "writes tag",
    [DELETE_TEMPORARY] = "deletes temporary", [END] = "ends",
};

static bool has(uint8_t set, int p)
{
    return (set >> p & 1) != 0;
}

/* --- what a step does to the registry */

static int temporary_answer(const world *w, int p, const step *taken)
{
    return taken->tag == 0 && has(w->temporary, p);
}

static void write_record(world *w, const step *taken)
{
    if (w->record[taken->tag] > taken->value) {
        w->went_back |= (uint8_t)(1 << taken->tag);
    }
    w->record[taken->tag] = (uint8_t)taken->value;
}

static int apply(world *w, int p, const step *taken)
{
    int answer = 0;
    switch (taken->kind) {
    case READ_RECORD:
        return w->record[taken->tag];
    case READ_TAG:
        return w->holds[taken->tag];
    case READ_TEMPORARY:
        return temporary_answer(w, p, taken);
    case WRITE_RECORD:
        write_record(w, taken);
        return 0;
    case WRITE_TAG:
        w->holds[taken->tag] = (uint8_t)taken->value;
        return 0;
    case DELETE_TEMPORARY:
        answer = temporary_answer(w, p, taken);
        w->temporary &= (uint8_t) ~(1 << p);
        return answer;
    default:
        return 0;
    }
}

/* --- what must hold */

static void fail_here(const world *w, const char *what)
{
    for (unsigned i = 0; i < search.depth; i++) {
        const event *e = &search.way[i];
        printf("# %d %s%s %c %d\n", e->promoter, e->what, kind_names[e->taken.kind],
               'a' + e->taken.tag, e->taken.value);
    }
    for (int tag = 0; tag < search.set.tags; tag++) {
        printf("# in the end record %d says %d, the tag holds %d\n", tag, w->record[tag],
               w->holds[tag]);
    }
    fail_msg("%s", what);
}

/* A later promotion ended well, and an earlier one has both record and tag. */
static bool is_lost(const world *w)
{
    for (int p = 1; p <= search.set.promoters; p++) {
        for (int tag = 0; tag < search.set.tags && !w->actors[p].gone; tag++) {
            if (w->record[tag] < p) {
                return true;
            }
        }
    }
    return false;
}

/* Nobody runs any more. */
static void check_end(const world *w)
{
    uint8_t gone = 0;
    for (int p = 1; p <= search.set.promoters; p++) {
        gone |= (uint8_t)(w->actors[p].gone << p);
    }
    for (int tag = 0; tag < search.set.tags; tag++) {
        if ((gone & ~w->covered) == 0 && w->holds[tag] != w->record[tag]) {
            fail_here(w, "the tag does not follow its record");
        }
        for (int p = 1; p <= search.set.promoters; p++) {
            if (!has(gone, p) && !has(w->went_back, tag) && w->record[tag] < p) {
                fail_here(w, "the record is older than a promotion that succeeded");
            }
        }
    }
}

static void check_result(const world *w, int p)
{
    const step *end = steps_at(w->actors[p].at);
    /* Run again after it was done, and after its record was lost: nobody knows its image any more. */
    if (end->status == ZREG_NOTFOUND && w->went_back != 0) {
        return;
    }
    if (end->status != ZREG_OK) {
        fail_here(w, zreg_status_name(end->status));
    }
    if (p == search.set.promoters && end->superseded != 0) {
        fail_here(w, "the last change says that it is superseded");
    }
    if (end->temporary_stays) {
        fail_here(w, "the temporary tag stays");
    }
}

/* --- the search */

static seen *find(const world *w)
{
    uint64_t words[sizeof(*w) / sizeof(uint64_t)];
    uint64_t hash = 0;
    memcpy(words, w, sizeof(words));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        hash = (hash ^ words[i]) * 0x9e3779b97f4a7c15U;
        hash ^= hash >> 29;
    }
    size_t at = hash & (search.room - 1);
    while (search.table[at].ways != 0 && memcmp(&search.table[at].state, w, sizeof(*w)) != 0) {
        at = (at + 1) & (search.room - 1);
    }
    return &search.table[at];
}

static void make_table(size_t room)
{
    seen *old = search.table;
    size_t before = search.room;
    search.table = calloc(room, sizeof(seen));
    assert_non_null(search.table);
    search.room = room;
    for (size_t i = 0; i < before; i++) {
        if (old[i].ways != 0) {
            *find(&old[i].state) = old[i];
        }
    }
    free(old);
}

static void note(const seen *found)
{
    if (2 * ++search.count > search.room) {
        make_table(2 * search.room);
    }
    *find(&found->state) = *found;
}

typedef struct sums {
    double ways;
    double lost;
} sums;

static sums visit(const world *w);

static void go(sums *total, const world *next, int p, const char *what, const step *taken)
{
    assert_true(search.depth < MAX_WAY);
    search.way[search.depth++] = (event){p, what, *taken};
    sums from_there = visit(next);
    search.depth--;
    total->ways += from_there.ways;
    total->lost += from_there.lost;
}

static void begin(world *w, int p)
{
    w->actors[p].at = (uint16_t)steps_begin(p);
    w->actors[p].saw_gone = 0;
}

/* One that failed has made nothing whole, and is as good as gone. */
static void finish(world *w, int p)
{
    check_result(w, p);
    if (steps_at(w->actors[p].at)->status == ZREG_OK) {
        w->covered |= w->actors[p].saw_gone;
    } else {
        w->actors[p].gone = 1;
    }
    w->actors[p].saw_gone = 0;
}

static bool is_private(const step *taken)
{
    return taken->kind == READ_TEMPORARY || taken->kind == READ_DIGEST;
}

/* To the next step that others may notice. A kill on the way is the same as one there. */
static void advance(world *w, int p, int answer)
{
    actor *self = &w->actors[p];
    self->at = (uint16_t)steps_after(self->at, answer);
    while (search.set.reduced && is_private(steps_at(self->at))) {
        self->at = (uint16_t)steps_after(self->at, apply(w, p, steps_at(self->at)));
    }
}

static void take(sums *total, const world *w, int p, const step *taken)
{
    world next = *w;
    actor *self = &next.actors[p];
    if (self->at == steps_begin(p)) {
        for (int q = 1; q <= search.set.promoters; q++) {
            self->saw_gone |= (uint8_t)(next.actors[q].gone << q);
        }
    }
    advance(&next, p, apply(&next, p, taken));
    if (steps_at(self->at)->kind == END) {
        finish(&next, p);
    }
    go(total, &next, p, "", taken);
}

static void resend(sums *total, const world *w, int p, const step *taken)
{
    world next = *w;
    if (next.actors[p].resends == 0 || (taken->kind != WRITE_RECORD && taken->kind != WRITE_TAG)) {
        return;
    }
    next.actors[p].resends--;
    (void)apply(&next, p, taken);
    go(total, &next, p, "will again: ", taken);
}

static void kill(sums *total, const world *w, int p, const step *taken)
{
    world next = *w;
    if (next.kills == 0 || next.actors[p].kills == 0 || next.actors[p].at == steps_begin(p)) {
        return;
    }
    next.actors[p].kills--;
    next.kills--;
    begin(&next, p);
    go(total, &next, p, "is run again, at: ", taken);
    if (taken->kind != END && search.set.may_leave) {
        next.actors[p].gone = 1;
        go(total, &next, p, "is never run again, at: ", taken);
    }
}

/* The one that deletes its temporary tag next, which only itself would miss: it may go first. */
static int find_deleter(const world *w)
{
    for (int p = 1; search.set.reduced && p <= search.set.promoters; p++) {
        if (!w->actors[p].gone && steps_at(w->actors[p].at)->kind == DELETE_TEMPORARY) {
            return p;
        }
    }
    return 0;
}

static sums visit(const world *w)
{
    seen *known = find(w);
    if (known->ways != 0) {
        return (sums){known->ways, known->lost};
    }
    sums total = {0, 0};
    bool running = false;
    int deleter = find_deleter(w);
    for (int p = 1; p <= search.set.promoters; p++) {
        const step *taken = steps_at(w->actors[p].at);
        if (w->actors[p].gone || (deleter != 0 && p != deleter)) {
            continue;
        }
        if (taken->kind != END) {
            running = true;
            take(&total, w, p, taken);
            resend(&total, w, p, taken);
        }
        kill(&total, w, p, taken);
    }
    if (!running) {
        check_end(w);
        total.ways += 1;
        total.lost += is_lost(w);
    }
    note(&(seen){.state = *w, .ways = total.ways, .lost = total.lost});
    return total;
}

/* Counts above 2^53 are rounded. */
static void tell(sums total)
{
    const setting *set = &search.set;
    printf("# %d promoters of %d tags%s", set->promoters, set->tags,
           set->keep ? ", temporary tags kept" : "");
    if (set->kills > 0) {
        printf(", each killed %d times at most%s%s", set->kills,
               set->kills_in_all > 0 ? " and only one of them" : "",
               set->may_leave ? ", perhaps for good" : "");
    }
    printf("%s%s: %.*g interleavings, in %.2g%% of them a later promotion lost its record; "
           "%zu states, %u calls of zreg_promote\n",
           set->resends > 0 ? ", writes sent twice" : "",
           set->reduced ? ", private steps at once" : "", total.ways < 9e15 ? 16 : 4, total.ways,
           100 * total.lost / total.ways, search.count, steps_count());
}

static void explore(setting set)
{
    world first;
    memset(&first, 0, sizeof(first));
    memset(&search, 0, sizeof(search));
    search.set = set;
    first.kills = (uint8_t)(set.kills_in_all > 0 ? set.kills_in_all : UINT8_MAX);
    steps_start(set.tags, set.keep);
    make_table(1 << 16);
    for (int p = 1; p <= set.promoters; p++) {
        first.actors[p].kills = (uint8_t)set.kills;
        first.actors[p].resends = (uint8_t)set.resends;
        first.temporary |= (uint8_t)(1 << p);
        begin(&first, p);
    }
    tell(visit(&first));
    steps_finish();
    free(search.table);
}

static void two_promoters(void **state)
{
    (void)state;
    explore((setting){.promoters = 2, .tags = 1});
    explore((setting){.promoters = 2, .tags = 2});
    explore((setting){.promoters = 2, .tags = 1, .kills = 2, .resends = 1, .may_leave = true});
}

static void two_promoters_of_two_tags_that_are_killed(void **state)
{
    (void)state;
    explore((setting){.promoters = 2, .tags = 2, .kills = 1, .may_leave = true, .reduced = true});
}

static void three_promoters(void **state)
{
    (void)state;
    explore((setting){.promoters = 3, .tags = 1, .keep = true});
    explore((setting){.promoters = 3,
                      .tags = 1,
                      .kills = 1,
                      .kills_in_all = 1,
                      .may_leave = true,
                      .keep = true,
                      .reduced = true});
}

/* ZREG_DEEP=1: takes two gigabytes of memory and half a minute. */
static void three_promoters_for_long(void **state)
{
    (void)state;
    explore((setting){.promoters = 3, .tags = 1, .reduced = true});
    explore((setting){
        .promoters = 3, .tags = 1, .kills = 1, .may_leave = true, .keep = true, .reduced = true});
    explore((setting){.promoters = 3, .tags = 1, .resends = 1, .keep = true, .reduced = true});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_promoters),
        cmocka_unit_test(two_promoters_of_two_tags_that_are_killed),
        cmocka_unit_test(three_promoters),
    };
    const struct CMUnitTest deep[] = {cmocka_unit_test(three_promoters_for_long)};
    return getenv("ZREG_DEEP") == NULL ? cmocka_run_group_tests(tests, NULL, NULL)
                                       : cmocka_run_group_tests(deep, NULL, NULL);
}
