/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/mirrors.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#include <pthread.h>
#include <string.h>

/* Programs may run for long, and mirrors come back. */
#define LEFT_MS 600000

struct zreg__mirrors {
    pthread_mutex_t lock; /* guards all that follows */
    zreg__map *left;      /* server -> note */
    zreg__map *known;     /* server and repository -> note */
    zreg__map *sent;      /* thing -> the server's name, for as long as it may be doubted */
    zreg__map *written;   /* HOST/REPOSITORY -> note */
};

typedef struct note {
    zreg__mirror_outcome outcome;
    uint64_t until_ms;
} note;

zreg_status zreg__mirrors_new(zreg__mirrors **out, zreg_error *err)
{
    ZREG__AUTO(zreg__mirrors) zreg__mirrors *mirrors = zreg__new(zreg__mirrors);

    if (mirrors == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_init(&mirrors->lock, NULL);
    ZREG__TRY(zreg__map_new(&mirrors->left, free, err));
    ZREG__TRY(zreg__map_new(&mirrors->known, free, err));
    ZREG__TRY(zreg__map_new(&mirrors->sent, free, err));
    ZREG__TRY(zreg__map_new(&mirrors->written, free, err));
    *out = zreg__steal(&mirrors);
    return ZREG_OK;
}

void zreg__mirrors_free(zreg__mirrors *mirrors)
{
    if (mirrors == NULL) {
        return;
    }
    zreg__map_free(mirrors->left);
    zreg__map_free(mirrors->known);
    zreg__map_free(mirrors->sent);
    zreg__map_free(mirrors->written);
    pthread_mutex_destroy(&mirrors->lock);
    free(mirrors);
}

static const note *find(const zreg__map *map, const char *key)
{
    const note *found = key != NULL ? zreg__map_get(map, key) : NULL;

    return found != NULL && found->until_ms > zreg__clock_ms() ? found : NULL;
}

/* All is forgotten when there is too much of it: it only saves requests. */
static void make_room(zreg__map **map)
{
    zreg__map *empty = NULL;

    if (zreg__map_count(*map) >= ZREG__MAX_MIRROR_NOTES &&
        zreg__map_new(&empty, free, NULL) == ZREG_OK) {
        zreg__map_free(*map);
        *map = empty;
    }
}

/* Takes over the value. */
static void keep(zreg__map **map, const char *key, void *value)
{
    make_room(map);
    if (key == NULL || value == NULL || zreg__map_set(*map, key, value, NULL) != ZREG_OK) {
        free(value);
    }
}

static void keep_note(zreg__map **map, const char *key, zreg__mirror_outcome outcome)
{
    note *made = zreg__new(note);

    if (made != NULL) {
        *made = (note){.outcome = outcome, .until_ms = zreg__clock_ms() + LEFT_MS};
    }
    keep(map, key, made);
}

static char *repository_key(const zreg__mirror_question *question)
{
    return zreg__concat(question->server, " ", question->repository);
}

bool zreg__mirrors_worth(zreg__mirrors *mirrors, const zreg__mirror_question *question)
{
    ZREG__AUTO_FREE char *key = repository_key(question);

    pthread_mutex_lock(&mirrors->lock);
    const note *known = find(mirrors->known, key);
    bool worth = find(mirrors->left, question->server) == NULL &&
                 (known == NULL || known->outcome == ZREG__MIRROR_SERVED ||
                  (known->outcome == ZREG__MIRROR_LACKS && question->by_tag));
    pthread_mutex_unlock(&mirrors->lock);
    return worth;
}

/* A tag that is missing says nothing of what else a mirror has that has served the repository. */
static bool is_no_news(const zreg__mirrors *mirrors, const zreg__mirror_question *question,
                       zreg__mirror_outcome outcome, const char *key)
{
    const note *known = find(mirrors->known, key);

    return outcome == ZREG__MIRROR_LACKS && question->by_tag && known != NULL &&
           known->outcome == ZREG__MIRROR_SERVED;
}

static void note_locked(zreg__mirrors *mirrors, const zreg__mirror_question *question,
                        zreg__mirror_outcome outcome, const char *key)
{
    if (outcome == ZREG__MIRROR_FAILS) {
        keep_note(&mirrors->left, question->server, outcome);
        return;
    }
    if (!is_no_news(mirrors, question, outcome, key)) {
        keep_note(&mirrors->known, key, outcome);
    }
    if (outcome == ZREG__MIRROR_SERVED) {
        keep(&mirrors->sent, question->what, zreg__strdup(question->server));
        keep(&mirrors->sent, question->digest, zreg__strdup(question->server));
    }
}

void zreg__mirrors_note(zreg__mirrors *mirrors, const zreg__mirror_question *question,
                        zreg__mirror_outcome outcome)
{
    ZREG__AUTO_FREE char *key = repository_key(question);

    pthread_mutex_lock(&mirrors->lock);
    note_locked(mirrors, question, outcome, key);
    pthread_mutex_unlock(&mirrors->lock);
}

bool zreg__mirrors_doubt(zreg__mirrors *mirrors, const char *what)
{
    pthread_mutex_lock(&mirrors->lock);
    ZREG__AUTO_FREE char *server = zreg__strdup(zreg__map_get(mirrors->sent, what));
    if (server != NULL) {
        keep_note(&mirrors->left, server, ZREG__MIRROR_FAILS);
        (void)zreg__map_remove(mirrors->sent, what);
    }
    pthread_mutex_unlock(&mirrors->lock);
    return server != NULL;
}

/* A host is the same with and without its usual port. */
static char *written_key(const char *host, const char *repository)
{
    const char *port = strrchr(host, ':');
    size_t size = zreg__str_equal(port, ":80") || zreg__str_equal(port, ":443")
                      ? (size_t)(port - host)
                      : strlen(host);

    return zreg__asprintf("%.*s/%s", (int)size, host, repository);
}

zreg_status zreg__mirrors_write(zreg__mirrors *mirrors, const char *host, const char *repository,
                                zreg_error *err)
{
    ZREG__AUTO_FREE char *key = written_key(host, repository);
    ZREG__AUTO_FREE char *mark = zreg__strdup("");
    zreg_status status = ZREG_OK;

    if (key == NULL || mark == NULL) {
        return zreg__fail_nomem(err);
    }
    pthread_mutex_lock(&mirrors->lock);
    if (zreg__map_get(mirrors->written, key) == NULL) {
        status = zreg__map_set(mirrors->written, key, mark, err);
        mark = status == ZREG_OK ? NULL : mark;
    }
    pthread_mutex_unlock(&mirrors->lock);
    return status;
}

bool zreg__mirrors_is_written(zreg__mirrors *mirrors, const char *host, const char *repository)
{
    ZREG__AUTO_FREE char *key = written_key(host, repository);

    pthread_mutex_lock(&mirrors->lock);
    bool is_written = key == NULL || zreg__map_get(mirrors->written, key) != NULL;
    pthread_mutex_unlock(&mirrors->lock);
    return is_written;
}
