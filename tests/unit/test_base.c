/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/process.h"
#include "base/random.h"
#include "base/str.h"
#include "base/strings.h"
#include "base/word.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void the_first_error_wins(void **state)
{
    (void)state;
    zreg_error err = {0};
    assert_int_equal(zreg__fail(&err, ZREG_NET, "first\n%d", 1), ZREG_NET);
    assert_int_equal(zreg__fail(&err, ZREG_IO, "second"), ZREG_IO);
    assert_int_equal(err.code, ZREG_NET);
    assert_string_equal(err.message, "first?1");
    zreg__error_prefix(&err, ZREG_NET, "outer");
    assert_string_equal(err.message, "outer: first?1");
    assert_int_equal(zreg__fail(NULL, ZREG_IO, "nobody listens"), ZREG_IO);
    zreg__error_clear(&err);
    zreg__fail(&err, ZREG_IO, "J\xf6rg \xc3\xb6 \xf0\x9f\x90");
    assert_string_equal(err.message, "J?rg \xc3\xb6 ???");
}

static void an_error_of_the_system_says_more(void **state)
{
    (void)state;
    zreg_error err = {0};
    assert_int_equal(zreg__fail_file(&err, ENOENT, "/no/file", "open %s", "/no/file"),
                     ZREG_NOTFOUND);
    assert_int_equal(err.os_error, ENOENT);
    assert_string_equal(err.about, "/no/file");
    assert_int_equal(err.retryable, 0);
    zreg__error_about(&err, "another");
    assert_string_equal(err.about, "/no/file");
    zreg__error_clear(&err);
    zreg__error_about(&err, "nothing failed");
    assert_string_equal(err.about, "");
    assert_int_equal(zreg__fail_errno(&err, EADDRINUSE, "listen"), ZREG_IO);
    assert_int_equal(err.os_error, EADDRINUSE);
    zreg__error_clear(&err);
    assert_int_equal(zreg__fail(&err, ZREG_NET, "lost"), ZREG_NET);
    assert_int_equal(err.retryable, 1);
}

static void a_buffer_keeps_its_maximum(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__buf) zreg__buf buf = ZREG__BUF(4);
    zreg_error err = {0};
    assert_string_equal(zreg__buf_cstr(&buf), "");
    assert_int_equal(zreg__buf_text(&buf, "abcd", &err), ZREG_OK);
    assert_int_equal(zreg__buf_text(&buf, "e", &err), ZREG_LIMIT);
    assert_string_equal(zreg__buf_cstr(&buf), "abcd");
    ZREG__AUTO_FREE char *taken = zreg__buf_steal(&buf);
    assert_string_equal(taken, "abcd");
    assert_int_equal(buf.size, 0);
}

static void a_secret_buffer_wipes_what_it_drops(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__buf) zreg__buf buf = ZREG__SECRET_BUF(500);
    assert_int_equal(zreg__buf_text(&buf, "password", NULL), ZREG_OK);
    assert_int_equal(zreg__buf_room(&buf, 400, NULL), ZREG_OK);
    assert_string_equal(zreg__buf_cstr(&buf), "password");
    zreg__buf_drop(&buf, 4);
    assert_string_equal(zreg__buf_cstr(&buf), "word");
    assert_memory_equal(buf.data + 4, "\0\0\0\0", 4);
    zreg__buf_reset(&buf);
    assert_memory_equal(buf.data, "\0\0\0\0", 4);
    zreg__buf_drop(&buf, 0);
    zreg__buf_finish(&buf);
    assert_true(buf.is_secret);
    zreg__buf_drop(&buf, 0);
    assert_null(buf.data);
}

static void a_buffer_is_filled_in_place(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__buf) zreg__buf buf = ZREG__BUF(40);
    zreg_error err = {0};
    assert_int_equal(zreg__buf_room(&buf, 41, &err), ZREG_LIMIT);
    assert_int_equal(zreg__buf_printf(&buf, NULL, "%s-%d", "ab", 12), ZREG_OK);
    assert_int_equal(zreg__buf_room(&buf, 35, NULL), ZREG_OK);
    assert_true(buf.capacity - buf.size > 35);
    zreg__error_clear(&err);
    assert_int_equal(zreg__buf_printf(&buf, &err, "%036d", 1), ZREG_LIMIT);
    assert_string_equal(zreg__buf_cstr(&buf), "ab-12");
    zreg__buf_reset(&buf);
    assert_string_equal(zreg__buf_cstr(&buf), "");
}

static void a_query_is_escaped(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__buf) zreg__buf buf = ZREG__BUF(100);
    assert_int_equal(zreg__buf_query(&buf, "a/b:c d~", NULL), ZREG_OK);
    assert_string_equal(zreg__buf_cstr(&buf), "a%2Fb%3Ac%20d~");
}

static void numbers_and_times_are_written(void **state)
{
    (void)state;
    char time[21];
    ZREG__AUTO(zreg__buf) zreg__buf buf = ZREG__BUF(64);
    assert_int_equal(zreg__buf_u64(&buf, 0, NULL), ZREG_OK);
    assert_int_equal(zreg__buf_u64(&buf, UINT64_MAX, NULL), ZREG_OK);
    assert_string_equal(buf.data, "018446744073709551615");
    zreg__clock_rfc3339(time, 951782409);
    assert_string_equal(time, "2000-02-29T00:00:09Z");
}

static void numbers_are_read_strictly(void **state)
{
    (void)state;
    uint64_t n = 7;
    assert_true(zreg__span_u64(zreg__span_of("18446744073709551615"), &n));
    assert_true(n == UINT64_MAX);
    assert_false(zreg__span_u64(zreg__span_of("18446744073709551616"), &n));
    assert_false(zreg__span_u64(zreg__span_of(""), &n));
    assert_false(zreg__span_u64(zreg__span_of("-1"), &n));
    assert_false(zreg__span_u64(zreg__span_of("1 "), &n));
}

static void a_word_tells_of_each_byte(void **state)
{
    (void)state;
    for (int i = 0; i < 8 * 256; i++) {
        char text[8] = {'a', 'a', 'a', 'a', 'a', 'a', 'a', 'a'};
        int byte = i / 8;
        text[i % 8] = (char)byte;
        uint64_t word = zreg__word_at(text);
        assert_int_equal(zreg__word_has_less(word, ' '), byte < ' ');
        assert_int_equal(zreg__word_has(word, 0x7f), byte == 0x7f);
        assert_int_equal(zreg__word_is_ascii(word), byte < 0x80);
    }
}

static void a_span_is_cut_at_separators(void **state)
{
    (void)state;
    zreg__span rest = zreg__span_of("a,,b");
    assert_true(zreg__span_is(zreg__span_cut(&rest, ','), "a"));
    assert_true(zreg__span_is(zreg__span_cut(&rest, ','), ""));
    assert_true(zreg__span_is(zreg__span_cut(&rest, ','), "b"));
    assert_null(rest.text);
}

static void a_map_holds_many_keys_in_order(void **state)
{
    (void)state;
    ZREG__AUTO(zreg__map) zreg__map *map = NULL;
    assert_int_equal(zreg__map_new(&map, free, NULL), ZREG_OK);
    char key[24];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        assert_int_equal(zreg__map_set(map, key, zreg__strdup(key), NULL), ZREG_OK);
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof(key), "key-%d", i);
        assert_true(zreg__map_remove(map, key));
        assert_false(zreg__map_remove(map, key));
    }
    assert_int_equal(zreg__map_set(map, "key-1", zreg__strdup("again"), NULL), ZREG_OK);
    assert_int_equal(zreg__map_count(map), 500);
    assert_string_equal(zreg__map_get(map, "key-1"), "again");
    assert_null(zreg__map_get(map, "key-2"));
    size_t position = 0, seen = 0;
    const char *name;
    void *value;
    while (zreg__map_next(map, &position, &name, &value)) {
        snprintf(key, sizeof(key), "key-%zu", 2 * seen++ + 1);
        assert_string_equal(name, key);
    }
    assert_int_equal(seen, 500);
}

static zreg_status parse(const char *text)
{
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    return zreg__json_parse(&json, text, strlen(text), "test", NULL);
}

static void json_that_is_ambiguous_is_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"a\":{\"b\":[1,{\"a:\\\":\":2}]},\"c\":\"x:y\"}"), ZREG_OK);
    assert_int_equal(parse(" [] \n"), ZREG_OK);
    const char *bad[] = {"",
                         "{",
                         "{}x",
                         "{\"a\":1,\"a\":2}",
                         "{\"x\":[{\"a\":1,\"a\":1}]}",
                         "{\"a\\u0000b\":1}",
                         "\"\xff\"",
                         "{'a':1}",
                         "[/* c */]",
                         "[1,]",
                         "{\"a\":1}{\"b\":2}"};
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        assert_int_equal(parse(bad[i]), ZREG_INVAL);
    }
    char deep[200];
    memset(deep, '[', 100);
    memset(deep + 100, ']', 99);
    deep[199] = '\0';
    assert_int_equal(parse(deep), ZREG_INVAL);
}

static void json_numbers_must_be_sizes(void **state)
{
    (void)state;
    const char *text = "{\"good\":5,\"negative\":-1,\"big\":9223372036854775808,"
                       "\"huge\":99999999999999999999999,\"real\":1.5,\"text\":\"5\"}";
    ZREG__AUTO(zreg__json) zreg__json *json = NULL;
    assert_int_equal(zreg__json_parse(&json, text, strlen(text), "test", NULL), ZREG_OK);
    uint64_t n = 0;
    assert_true(zreg__json_u64(json, "good", &n));
    assert_int_equal(n, 5);
    const char *bad[] = {"negative", "big", "huge", "real", "text", "absent"};
    for (size_t i = 0; i < ZREG__COUNT(bad); i++) {
        assert_false(zreg__json_u64(json, bad[i], &n));
    }
}

static void a_hash_can_be_copied_midway(void **state)
{
    (void)state;
    zreg__hash hash;
    char text[136];
    zreg__hash_init(&hash, ZREG__SHA256);
    zreg__hash_update(&hash, "a", 1);
    zreg__hash copy = hash;
    zreg__hash_update(&hash, "wrong", 5);
    zreg__hash_update(&copy, "bc", 2);
    zreg__hash_digest(&copy, text);
    assert_string_equal(text, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
                              "15ad");
    zreg__hash_init(&hash, ZREG__SHA512);
    zreg__hash_digest(&hash, text);
    assert_int_equal(strlen(text), 135);
    assert_memory_equal(text, "sha512:cf83e1357eefb8bd", 23);
}

static void base64_goes_both_ways(void **state)
{
    (void)state;
    const char bytes[] = "\x00\xfb\xff\x10hello";
    for (size_t size = 0; size < sizeof(bytes); size++) {
        for (int url = 0; url < 2; url++) {
            ZREG__AUTO(zreg__buf) zreg__buf text = ZREG__BUF(100);
            ZREG__AUTO(zreg__buf) zreg__buf back = ZREG__BUF(100);
            assert_int_equal(zreg__base64_encode(&text, bytes, size, url, NULL), ZREG_OK);
            assert_int_equal(
                zreg__base64_decode(&back, zreg__buf_cstr(&text), text.size, url, NULL), ZREG_OK);
            assert_int_equal(back.size, size);
            assert_memory_equal(zreg__buf_cstr(&back), bytes, size);
        }
    }
    ZREG__AUTO(zreg__buf) zreg__buf none = ZREG__BUF(100);
    assert_int_equal(zreg__base64_decode(&none, "ab=", 3, 0, NULL), ZREG_INVAL);
    assert_int_equal(zreg__base64_decode(&none, "a\nb=", 4, 0, NULL), ZREG_INVAL);
}

static void a_tree_is_made_written_and_removed(void **state)
{
    (void)state;
    ZREG__AUTO_FREE char *dir = NULL;
    assert_int_equal(zreg__file_temp_dir(&dir, "zreg-test-", NULL), ZREG_OK);
    ZREG__AUTO_FREE char *deep = zreg__asprintf("%s/a/b", dir);
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/f", deep);
    assert_int_equal(zreg__file_mkdirs(deep, 0755, NULL), ZREG_OK);
    assert_int_equal(zreg__file_write(path, "one", 3, 0600, true, NULL), ZREG_OK);
    assert_int_equal(zreg__file_write(path, "two", 3, 0640, false, NULL), ZREG_OK);
    ZREG__AUTO(zreg__buf) zreg__buf content = ZREG__BUF(3);
    assert_int_equal(zreg__file_read(&content, path, NULL), ZREG_OK);
    assert_string_equal(zreg__buf_cstr(&content), "two");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    ZREG__AUTO(zreg__buf) zreg__buf small = ZREG__BUF(2);
    assert_int_equal(zreg__file_read(&small, path, NULL), ZREG_LIMIT);
    assert_int_equal(zreg__file_remove_tree(dir, NULL), ZREG_OK);
    assert_int_equal(stat(dir, &info), -1);
    assert_int_equal(zreg__file_remove_tree(dir, NULL), ZREG_OK);
    assert_int_equal(zreg__file_read(&small, path, NULL), ZREG_NOTFOUND);
}

typedef struct chain {
    zreg__pool *pool;
    atomic_int ran;
} chain;

static void run_link(void *job, const zreg__worker *on)
{
    assert_non_null(on);
    chain *c = job;
    if (atomic_fetch_add(&c->ran, 1) < 99) {
        zreg__pool_submit(c->pool, 0, run_link, c, NULL);
    }
}

static void a_pool_runs_jobs_that_submit_jobs(void **state)
{
    (void)state;
    chain c = {NULL, 0};
    assert_int_equal(zreg__pool_new(&c.pool, 3, 0, NULL), ZREG_OK);
    assert_int_equal(zreg__pool_wait(c.pool, UINT64_MAX), 1);
    assert_int_equal(zreg__pool_submit(c.pool, 0, run_link, &c, NULL), ZREG_OK);
    assert_int_equal(zreg__pool_wait(c.pool, UINT64_MAX), 1);
    assert_int_equal(atomic_load(&c.ran), 100);
    zreg__pool_free(c.pool);
}

/* Holds a worker until it is let go. */
typedef struct gate {
    pthread_mutex_t lock;
    atomic_bool is_in;
} gate;

static void wait_at_gate(void *job, const zreg__worker *on)
{
    (void)on;
    gate *g = job;
    atomic_store(&g->is_in, true);
    pthread_mutex_lock(&g->lock);
    pthread_mutex_unlock(&g->lock);
}

static void a_full_queue_is_said(void **state)
{
    (void)state;
    gate g = {PTHREAD_MUTEX_INITIALIZER, false};
    zreg__pool *pool = NULL;
    zreg_error err = {0};
    assert_int_equal(zreg__pool_new(&pool, 1, 2, NULL), ZREG_OK);
    pthread_mutex_lock(&g.lock);
    assert_int_equal(zreg__pool_submit(pool, 0, wait_at_gate, &g, NULL), ZREG_OK);
    while (!atomic_load(&g.is_in)) {
        zreg__cancel_sleep(NULL, 1, NULL);
    }
    assert_int_equal(zreg__pool_submit(pool, 0, wait_at_gate, &g, NULL), ZREG_OK);
    assert_int_equal(zreg__pool_submit(pool, 0, wait_at_gate, &g, NULL), ZREG_OK);
    assert_int_equal(zreg__pool_submit(pool, 0, wait_at_gate, &g, &err), ZREG_BUSY);
    pthread_mutex_unlock(&g.lock);
    assert_int_equal(zreg__pool_wait(pool, UINT64_MAX), 1);
    assert_int_equal(zreg__pool_submit(pool, 0, wait_at_gate, &g, NULL), ZREG_OK);
    zreg__pool_free(pool);
}

/* Which job ran when. */
typedef struct turns {
    char order[16];
    size_t count;
} turns;

typedef struct turn {
    turns *in;
    char name;
} turn;

static void note_turn(void *job, const zreg__worker *on)
{
    (void)on;
    turn *t = job;
    t->in->order[t->in->count++] = t->name;
}

static void one_key_neither_holds_up_another_nor_fills_the_queue(void **state)
{
    (void)state;
    gate g = {PTHREAD_MUTEX_INITIALIZER, false};
    turns in = {.count = 0};
    turn many = {&in, 'm'}, few = {&in, 'f'};
    zreg__pool *pool = NULL;
    assert_int_equal(zreg__pool_new(&pool, 1, 6, NULL), ZREG_OK);
    pthread_mutex_lock(&g.lock);
    assert_int_equal(zreg__pool_submit(pool, 0, wait_at_gate, &g, NULL), ZREG_OK);
    while (!atomic_load(&g.is_in)) {
        zreg__cancel_sleep(NULL, 1, NULL);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(zreg__pool_submit(pool, 1, note_turn, &many, NULL), ZREG_OK);
    }
    assert_int_equal(zreg__pool_submit(pool, 1, note_turn, &many, NULL), ZREG_BUSY);
    assert_int_equal(zreg__pool_submit(pool, 2, note_turn, &few, NULL), ZREG_OK);
    assert_int_equal(zreg__pool_submit(pool, 2, note_turn, &few, NULL), ZREG_OK);
    assert_int_equal(zreg__pool_submit(pool, 3, note_turn, &few, NULL), ZREG_BUSY);
    pthread_mutex_unlock(&g.lock);
    assert_int_equal(zreg__pool_wait(pool, UINT64_MAX), 1);
    assert_string_equal(in.order, "mfmfmm");
    zreg__pool_free(pool);
}

/* Jobs that run at once, and the most that did. */
typedef struct crowd {
    pthread_mutex_t gate;
    atomic_int inside;
} crowd;

static void enter_crowd(void *job, const zreg__worker *on)
{
    (void)on;
    crowd *c = job;
    atomic_fetch_add(&c->inside, 1);
    pthread_mutex_lock(&c->gate);
    pthread_mutex_unlock(&c->gate);
}

static void one_key_has_half_of_the_threads(void **state)
{
    (void)state;
    crowd first = {PTHREAD_MUTEX_INITIALIZER, 0}, second = {PTHREAD_MUTEX_INITIALIZER, 0};
    zreg__pool *pool = NULL;
    assert_int_equal(zreg__pool_new(&pool, 4, 16, NULL), ZREG_OK);
    pthread_mutex_lock(&first.gate);
    pthread_mutex_lock(&second.gate);
    for (int i = 0; i < 8; i++) {
        assert_int_equal(zreg__pool_submit(pool, 1, enter_crowd, &first, NULL), ZREG_OK);
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(zreg__pool_submit(pool, 2, enter_crowd, &second, NULL), ZREG_OK);
    }
    while (atomic_load(&second.inside) < 2 || atomic_load(&first.inside) < 2) {
        zreg__cancel_sleep(NULL, 1, NULL);
    }
    assert_int_equal(atomic_load(&first.inside), 2);
    pthread_mutex_unlock(&second.gate);
    pthread_mutex_unlock(&first.gate);
    assert_int_equal(zreg__pool_wait(pool, UINT64_MAX), 1);
    assert_int_equal(atomic_load(&first.inside), 8);
    zreg__pool_free(pool);
}

static void trigger(void *job, const zreg__worker *on)
{
    (void)on;
    zreg_cancel_trigger(job);
}

static void a_call_ends_at_its_deadline(void **state)
{
    (void)state;
    zreg_error err = {0};
    ZREG__AUTO(zreg_cancel) zreg_cancel *cancel = NULL;
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);
    zreg_cancel_after(cancel, 60000);
    assert_int_equal(zreg_cancel_triggered(cancel), 0);
    zreg_cancel_after(cancel, 20);
    zreg_cancel_after(cancel, 60000); /* the earliest counts */
    uint64_t before_ms = zreg__clock_ms();
    assert_int_equal(zreg__cancel_sleep(cancel, 60000, &err), ZREG_TIMEOUT);
    assert_true(zreg__clock_ms() - before_ms < 30000);
    assert_int_equal(err.retryable, 1);
    assert_int_equal(zreg_cancel_triggered(cancel), 1);
    zreg_cancel_trigger(cancel);
    assert_int_equal(zreg__cancel_check(cancel, NULL), ZREG_CANCELLED);
    zreg_cancel_after(NULL, 1);
}

static void a_deadline_does_not_put_off_a_cancellation(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_cancel) zreg_cancel *cancel = NULL;
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);
    zreg_cancel_trigger(cancel);
    zreg_cancel_after(cancel, 60000);
    struct pollfd fd = {.fd = zreg__cancel_fd(cancel), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 10000), 1);
    assert_int_equal(zreg__cancel_sleep(cancel, 60000, NULL), ZREG_CANCELLED);
}

static void a_token_lives_as_long_as_its_last_holder(void **state)
{
    (void)state;
    zreg_cancel *cancel = NULL;
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);
    ZREG__AUTO(zreg_cancel) zreg_cancel *held = zreg__cancel_share(cancel);
    zreg_cancel_free(cancel);
    assert_int_equal(zreg__cancel_check(held, NULL), ZREG_OK);
    assert_null(zreg__cancel_share(NULL));
}

static void a_sleep_ends_when_cancelled(void **state)
{
    (void)state;
    ZREG__AUTO(zreg_cancel) zreg_cancel *cancel = NULL;
    assert_int_equal(zreg_cancel_new(&cancel, NULL), ZREG_OK);
    assert_int_equal(zreg__cancel_sleep(cancel, 1, NULL), ZREG_OK);
    zreg__pool *pool = NULL;
    assert_int_equal(zreg__pool_new(&pool, 1, 0, NULL), ZREG_OK);
    assert_int_equal(zreg__pool_submit(pool, 0, trigger, cancel, NULL), ZREG_OK);
    uint64_t start = zreg__clock_ms();
    zreg_error err = {0};
    assert_int_equal(zreg__cancel_sleep(cancel, 60000, &err), ZREG_CANCELLED);
    assert_true(zreg__clock_ms() - start < 30000);
    assert_int_equal(err.code, ZREG_CANCELLED);
    zreg__pool_free(pool);
    assert_int_equal(zreg_cancel_triggered(NULL), 0);
}

static pid_t start_shell(const char *script, int output)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    pid_t pid = 0;
    zreg_error err = {0};
    assert_int_equal(
        zreg__process_start(&pid, argv, (const int[]){-1, output, STDERR_FILENO}, &err), ZREG_OK);
    return pid;
}

static void a_process_says_how_it_ended(void **state)
{
    (void)state;
    int how = 0;
    int ends[2];
    char said[8] = "";
    zreg_error err = {0};
    assert_int_equal(pipe(ends), 0);
    pid_t pid = start_shell("read nothing || echo out; exit 3", ends[1]);
    assert_int_equal(zreg__process_wait(&how, pid, "sh", 60000, NULL, &err), ZREG_OK);
    assert_int_equal(how, 3 << 8);
    assert_int_equal(read(ends[0], said, sizeof(said)), 4);
    assert_string_equal(said, "out\n");
    close(ends[0]);
    close(ends[1]);
}

static void a_process_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    const char *const argv[] = {"no-such-program-at-all", NULL};
    pid_t pid = 0;
    zreg_error err = {0};
    assert_int_equal(zreg__process_start(&pid, argv, (const int[]){-1, -1, -1}, &err), ZREG_IO);
    assert_non_null(strstr(err.message, "cannot run no-such-program-at-all"));
}

static void a_process_ends_with_the_patience_for_it(void **state)
{
    (void)state;
    int how = 0;
    zreg_error err = {0};
    pid_t pid = start_shell("exec sleep 1000", -1);
    assert_int_equal(zreg__process_wait(&how, pid, "sleep", 1, NULL, &err), ZREG_IO);
    assert_int_equal(kill(pid, 0), -1);
    zreg_cancel *cancel = NULL;
    assert_int_equal(zreg_cancel_new(&cancel, &err), ZREG_OK);
    zreg_cancel_trigger(cancel);
    pid = start_shell("exec sleep 1000", -1);
    assert_int_equal(zreg__process_wait(&how, pid, "sleep", 60000, cancel, NULL), ZREG_CANCELLED);
    assert_int_equal(kill(pid, 0), -1);
    zreg_cancel_free(cancel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(an_error_of_the_system_says_more),
        cmocka_unit_test(a_buffer_keeps_its_maximum),
        cmocka_unit_test(a_secret_buffer_wipes_what_it_drops),
        cmocka_unit_test(a_buffer_is_filled_in_place),
        cmocka_unit_test(a_query_is_escaped),
        cmocka_unit_test(numbers_and_times_are_written),
        cmocka_unit_test(numbers_are_read_strictly),
        cmocka_unit_test(a_word_tells_of_each_byte),
        cmocka_unit_test(a_span_is_cut_at_separators),
        cmocka_unit_test(a_map_holds_many_keys_in_order),
        cmocka_unit_test(json_that_is_ambiguous_is_refused),
        cmocka_unit_test(json_numbers_must_be_sizes),
        cmocka_unit_test(a_hash_can_be_copied_midway),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(a_tree_is_made_written_and_removed),
        cmocka_unit_test(a_pool_runs_jobs_that_submit_jobs),
        cmocka_unit_test(a_full_queue_is_said),
        cmocka_unit_test(one_key_neither_holds_up_another_nor_fills_the_queue),
        cmocka_unit_test(one_key_has_half_of_the_threads),
        cmocka_unit_test(a_sleep_ends_when_cancelled),
        cmocka_unit_test(a_call_ends_at_its_deadline),
        cmocka_unit_test(a_deadline_does_not_put_off_a_cancellation),
        cmocka_unit_test(a_token_lives_as_long_as_its_last_holder),
        cmocka_unit_test(a_process_says_how_it_ended),
        cmocka_unit_test(a_process_that_is_not_there_is_an_error),
        cmocka_unit_test(a_process_ends_with_the_patience_for_it),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
