/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client for the tests of the wire: reads one command a line, answers one line each, "OK ..." or
 * "ERR STATUS HTTP-STATUS CODE RETRYABLE RETRY-AFTER-MS ABOUT TEXT". One client lives as long as the program.
 *
 * The words of a line are separated by spaces; "-" stands for an argument that is not given.
 */
#include <zreg.h>

#include "registry/client.h"

#include <dirent.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WORDS = 12, MAX_THREADS = 32 };

static zreg_client *client;
static zreg_cancel *cancel;
static unsigned cancel_after_ms;

typedef zreg_status (*command_fn)(char *answer, size_t room, char **words, zreg_error *err);

static const char *given(const char *word)
{
    return word == NULL || strcmp(word, "-") == 0 ? NULL : word;
}

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static uint64_t number(const char *word)
{
    return given(word) == NULL ? UINT64_MAX : strtoull(word, NULL, 10);
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static zreg_status do_new(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_client_options options = ZREG_OPTIONS(zreg_client_options);

    (void)answer;
    (void)room;
    options.authfile = given(words[1]) == NULL ? "" : words[1];
    options.authfile = strcmp(options.authfile, "usual") == 0 ? NULL : options.authfile;
    options.attempts = given(words[2]) == NULL ? 0 : (uint32_t)number(words[2]);
    options.idle_timeout_ms = given(words[3]) == NULL ? 0 : (uint32_t)number(words[3]);
    options.ca_file = given(words[4]);
    options.registries_conf = given(words[5]);
    zreg_client_free(client);
    client = NULL;
    return zreg_client_new(&client, &options, err);
}

static zreg_status do_credentials(char *answer, size_t room, char **words, zreg_error *err)
{
    (void)answer;
    (void)room;
    return zreg_client_set_credentials(client, words[1], given(words[2]), given(words[3]), err);
}

static char *file_text(const char *path)
{
    char *text = calloc(1, 1 << 22);
    FILE *file = fopen(path, "rb");

    if (text == NULL || file == NULL) {
        fprintf(stderr, "client: cannot read %s\n", path);
        exit(2);
    }
    if (fread(text, 1, (1 << 22) - 1, file) == 0) {
        text[0] = '\0';
    }
    fclose(file);
    return text;
}

static zreg_status do_host(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_host_options options = ZREG_OPTIONS(zreg_host_options);
    char *pem = given(words[4]) == NULL ? NULL : file_text(words[4]);
    zreg_status status;

    (void)answer;
    (void)room;
    options.plain_http = given(words[2]) != NULL;
    options.insecure = given(words[3]) != NULL;
    options.ca_pem = pem;
    status = zreg_client_set_host(client, words[1], &options, err);
    free(pem);
    return status;
}

/* Words from 1 as a reference. The program ends when a test writes a wrong one. */
static zreg_ref *ref_of(const char *text)
{
    zreg_ref *ref = NULL;
    zreg_error err = {0};

    if (zreg_ref_parse(&ref, text, &err) != ZREG_OK) {
        fprintf(stderr, "client: %s\n", err.message);
        exit(2);
    }
    return ref;
}

static const zreg_digest *digest_of(zreg_digest *to, const char *text)
{
    if (given(text) == NULL) {
        return NULL;
    }
    snprintf(to->text, sizeof(to->text), "%s", text);
    return to;
}

static zreg_status do_get(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_manifest *manifest = NULL;
    zreg_status status = zreg_client_manifest_get(&manifest, client, ref, cancel, err);

    if (status == ZREG_OK) {
        zreg_digest seen;
        size_t size;
        const void *bytes = zreg_manifest_bytes(manifest, &size);

        zreg_digest_of(&seen, NULL, bytes, size, NULL);
        snprintf(answer, room, " %s %zu %s", seen.text, size, zreg_manifest_media_type(manifest));
    }
    zreg_manifest_free(manifest);
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_head(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_digest digest;
    zreg_status status = zreg_client_manifest_head(&digest, client, ref, cancel, err);

    if (status == ZREG_OK) {
        snprintf(answer, room, " %s", digest.text);
    }
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_put(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    char *text = file_text(words[2]);
    zreg_manifest *manifest = NULL;
    zreg_status status = zreg_manifest_parse(&manifest, text, strlen(text), NULL, err);

    (void)answer;
    (void)room;
    if (status == ZREG_OK) {
        status = zreg_client_manifest_put(client, ref, manifest, cancel, err);
    }
    zreg_manifest_free(manifest);
    free(text);
    zreg_ref_free(ref);
    return status;
}

/* GET of one reference, PUT of the same bytes under another tag. */
static zreg_status do_retag(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_ref *to = NULL;
    zreg_manifest *manifest = NULL;
    zreg_status status = zreg__client_expect(client, ref, "pull,push", NULL, err);

    (void)answer;
    (void)room;
    if (status == ZREG_OK) {
        status = zreg_client_manifest_get(&manifest, client, ref, cancel, err);
    }
    if (status == ZREG_OK) {
        status = zreg_ref_with_tag(&to, ref, words[2], err);
    }
    if (status == ZREG_OK) {
        status = zreg_client_manifest_put(client, to, manifest, cancel, err);
    }
    zreg_manifest_free(manifest);
    zreg_ref_free(to);
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_delete(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_status status = zreg_client_manifest_delete(client, ref, cancel, err);

    (void)answer;
    (void)room;
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_delete_tag(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_status status = zreg_client_tag_delete(client, ref, cancel, err);

    (void)answer;
    (void)room;
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_ping(char *answer, size_t room, char **words, zreg_error *err)
{
    (void)answer;
    (void)room;
    return zreg_client_ping(client, words[1], cancel, err);
}

static zreg_status do_tag_api(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_tag_api_options options = ZREG_OPTIONS(zreg_tag_api_options);

    (void)answer;
    (void)room;
    options.api = ZREG_TAG_API_HUB;
    options.url = words[2];
    return zreg_client_set_tag_api(client, words[1], &options, err);
}

static zreg_status do_tags(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_strings *tags = NULL;
    zreg_status status = zreg_client_tags(&tags, client, ref, cancel, err);

    if (status == ZREG_OK) {
        size_t count = zreg_strings_count(tags);

        snprintf(answer, room, " %zu %s %s", count, count > 0 ? zreg_strings_at(tags, 0) : "-",
                 count > 0 ? zreg_strings_at(tags, count - 1) : "-");
    }
    zreg_strings_free(tags);
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_catalog(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_strings *names = NULL;
    zreg_status status = zreg_client_catalog(&names, client, words[1], cancel, err);

    if (status == ZREG_OK) {
        size_t count = zreg_strings_count(names);

        snprintf(answer, room, " %zu %s %s", count, count > 0 ? zreg_strings_at(names, 0) : "-",
                 count > 0 ? zreg_strings_at(names, count - 1) : "-");
    }
    zreg_strings_free(names);
    return status;
}

/* REF [ARTIFACT-TYPE]: count, then for each: digest, type, and the value of its annotation "k". */
static zreg_status do_referrers(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_referrers_options options = ZREG_OPTIONS(zreg_referrers_options);
    zreg_ref *ref = ref_of(words[1]);
    zreg_referrers *found = NULL;
    options.artifact_type = given(words[2]);
    zreg_status status = zreg_client_referrers(&found, client, ref, &options, cancel, err);
    size_t count = status == ZREG_OK ? zreg_referrers_count(found) : 0;
    size_t at = (size_t)snprintf(answer, room, " %zu", count);

    for (size_t i = 0; i < count && at < room; i++) {
        const zreg_descriptor *one = zreg_referrers_at(found, i);
        bool has = one->annotations != NULL && strcmp(one->annotations[0], "k") == 0;

        at += (size_t)snprintf(answer + at, room - at, " %s %s %s", one->digest.text,
                               one->artifact_type, has ? one->annotations[1] : "-");
    }
    zreg_referrers_free(found);
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_blob_head(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_digest digest;
    uint64_t size;
    zreg_status status =
        zreg_blob_head(&size, client, ref, digest_of(&digest, words[2]), cancel, err);

    if (status == ZREG_OK) {
        snprintf(answer, room, " %llu", (unsigned long long)size);
    }
    zreg_ref_free(ref);
    return status;
}

/* A reader that failed says so again. */
static void check_stays_failed(zreg_blob_reader *reader, zreg_status status)
{
    char byte;
    size_t size;

    if (zreg_blob_read(&size, reader, &byte, 1, NULL) != status) {
        fprintf(stderr, "client: a read after an error ended otherwise\n");
        exit(2);
    }
}

/* REF DIGEST [BYTES-A-READ [STOP-AFTER]]: answers how many bytes came, even in an error. */
static zreg_status do_blob_get(char *answer, size_t room, char **words, zreg_error *err)
{
    static __thread char buffer[1 << 17];
    zreg_ref *ref = ref_of(words[1]);
    zreg_digest digest;
    zreg_blob_reader *reader = NULL;
    uint64_t total = 0;
    size_t capacity = given(words[3]) != NULL ? (size_t)number(words[3]) : sizeof(buffer);
    size_t size = 1;
    zreg_status status =
        zreg_blob_open(&reader, client, ref, digest_of(&digest, words[2]), cancel, err);

    while (status == ZREG_OK && size > 0 && total < number(words[4])) {
        status = zreg_blob_read(&size, reader, buffer, capacity, err);
        total += status == ZREG_OK ? size : 0;
    }
    if (reader != NULL && status != ZREG_OK) {
        check_stays_failed(reader, status);
    }
    snprintf(answer, room, " %llu", (unsigned long long)total);
    zreg_blob_reader_free(reader);
    zreg_ref_free(ref);
    return status;
}

/* REF DIGEST OFFSET LENGTH [BYTES-A-READ]: the size that was told, and digest and size of what came. */
static zreg_status do_blob_part(char *answer, size_t room, char **words, zreg_error *err)
{
    static __thread char buffer[1 << 21];
    size_t piece = given(words[5]) != NULL ? (size_t)number(words[5]) : sizeof(buffer);
    zreg_ref *ref = ref_of(words[1]);
    zreg_digest digest;
    zreg_blob_reader *reader = NULL;
    size_t total = 0;
    size_t size = 1;
    zreg_status status = zreg_blob_open_range(&reader, client, ref, digest_of(&digest, words[2]),
                                              number(words[3]), number(words[4]), cancel, err);

    while (status == ZREG_OK && size > 0) {
        size_t left = sizeof(buffer) - total;

        status = zreg_blob_read(&size, reader, buffer + total, left < piece ? left : piece, err);
        total += status == ZREG_OK ? size : 0;
    }
    if (status == ZREG_OK) {
        zreg_digest_of(&digest, NULL, buffer, total, NULL);
        snprintf(answer, room, " %lld %s %zu", (long long)zreg_blob_size(reader), digest.text,
                 total);
    }
    zreg_blob_reader_free(reader);
    zreg_ref_free(ref);
    return status;
}

/* The content of generated blobs: byte i is i * 131 + (i >> 8), so that tests can compute it. */
static void fill(char *to, uint64_t from, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        to[i] = (char)((from + i) * 131 + ((from + i) >> 8));
    }
}

static zreg_status write_blob(zreg_blob_writer *writer, uint64_t bytes, size_t piece,
                              zreg_error *err)
{
    static __thread char buffer[1 << 17];
    zreg_status status = ZREG_OK;

    for (uint64_t at = 0; status == ZREG_OK && at < bytes;) {
        size_t size = bytes - at < piece ? (size_t)(bytes - at) : piece;

        fill(buffer, at, size);
        status = zreg_blob_write(writer, buffer, size, err);
        at += size;
    }
    return status;
}

/* REF BYTES DIGEST|- SIZE|- [BYTES-A-WRITE [FROM|- [abandon]]] */
static zreg_status do_blob_put(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_digest digest = {""};
    zreg_blob_writer *writer = NULL;
    size_t piece = given(words[5]) != NULL ? (size_t)number(words[5]) : 1 << 17;
    zreg_status status;

    digest_of(&digest, words[3]);
    if (given(words[6]) != NULL) {
        status = zreg__blob_mount_or_create(&writer, client, ref, &digest, number(words[4]),
                                            words[6], cancel, err);
    } else {
        status = zreg_blob_create(&writer, client, ref, given(words[3]) != NULL ? &digest : NULL,
                                  number(words[4]), cancel, err);
    }
    if (status == ZREG_OK && writer == NULL) {
        snprintf(answer, room, " mounted");
    } else if (status == ZREG_OK) {
        status = write_blob(writer, number(words[2]), piece, err);
        if (status == ZREG_OK && given(words[7]) == NULL) {
            status = zreg_blob_commit(&digest, writer, err);
        }
        snprintf(answer, room, " %s", digest.text);
    }
    zreg_blob_writer_free(writer);
    zreg_ref_free(ref);
    return status;
}

static zreg_status do_blob_mount(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_ref *ref = ref_of(words[1]);
    zreg_digest digest;
    int mounted;
    zreg_status status =
        zreg_blob_mount(&mounted, client, ref, digest_of(&digest, words[2]), words[3], cancel, err);

    if (status == ZREG_OK) {
        snprintf(answer, room, " %d", mounted);
    }
    zreg_ref_free(ref);
    return status;
}

/* copy SRC DST [SIBLING...]: bytes, blobs copied and mounted. */
static zreg_status do_copy(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_copy_options options = ZREG_OPTIONS(zreg_copy_options);
    zreg_copy_result done;

    options.mount_from = (const char *const *)&words[3];
    zreg_status status = zreg_copy(&done, client, words[1], words[2], &options, cancel, err);
    if (status == ZREG_OK) {
        snprintf(answer, room, " %llu %u %u", (unsigned long long)done.bytes, done.blobs_copied,
                 done.blobs_mounted);
    }
    return status;
}

static zreg_status do_counters(char *answer, size_t room, char **words, zreg_error *err)
{
    zreg_counters counters;

    (void)err;
    zreg_client_counters(&counters, client, given(words[1]));
    snprintf(answer, room, " %llu %llu %llu %llu %llu %llu", (unsigned long long)counters.requests,
             (unsigned long long)counters.auth_requests, (unsigned long long)counters.blob_requests,
             (unsigned long long)counters.bytes_in, (unsigned long long)counters.bytes_out,
             (unsigned long long)counters.connections);
    return ZREG_OK;
}

/* Threads and open descriptors of this process. */
static zreg_status do_process(char *answer, size_t room, char **words, zreg_error *err)
{
    static const char *const folders[] = {"/proc/self/task", "/proc/self/fd"};
    int counts[2] = {0};

    (void)words;
    (void)err;
    for (int i = 0; i < 2; i++) {
        DIR *folder = opendir(folders[i]);

        while (folder != NULL && readdir(folder) != NULL) {
            counts[i]++;
        }
        closedir(folder);
        counts[i] -= 2; /* "." and ".." */
    }
    snprintf(answer, room, " %d %d", counts[0], counts[1]);
    return ZREG_OK;
}

static zreg_status answer_place(char *answer, size_t room, char *place, zreg_status status)
{
    if (status == ZREG_OK) {
        snprintf(answer, room, " %s", place);
        zreg_free(place);
    }
    return status;
}

/* HOST USER PASSWORD [no-check] */
static zreg_status do_login(char *answer, size_t room, char **words, zreg_error *err)
{
    char *place = NULL;
    zreg_login_options options = ZREG_OPTIONS(zreg_login_options);

    options.no_check = words[4] != NULL;
    zreg_status status =
        zreg_client_login(&place, client, words[1], words[2], words[3], &options, cancel, err);

    return answer_place(answer, room, place, status);
}

static zreg_status do_logout(char *answer, size_t room, char **words, zreg_error *err)
{
    char *place = NULL;
    zreg_status status = zreg_client_logout(&place, client, words[1], cancel, err);

    return answer_place(answer, room, place, status);
}

static zreg_status do_cancel_after(char *answer, size_t room, char **words, zreg_error *err)
{
    (void)answer;
    (void)room;
    cancel_after_ms = (unsigned)number(words[1]);
    return zreg_cancel_new(&cancel, err);
}

static zreg_status do_free(char *answer, size_t room, char **words, zreg_error *err)
{
    (void)answer;
    (void)room;
    (void)words;
    (void)err;
    zreg_client_free(client);
    client = NULL;
    return ZREG_OK;
}

static zreg_status do_parallel(char *answer, size_t room, char **words, zreg_error *err);

static const struct {
    const char *name;
    command_fn run;
} commands[] = {
    {"new", do_new},
    {"credentials", do_credentials},
    {"host", do_host},
    {"get", do_get},
    {"head", do_head},
    {"put", do_put},
    {"retag", do_retag},
    {"delete", do_delete},
    {"delete-tag", do_delete_tag},
    {"ping", do_ping},
    {"tag-api", do_tag_api},
    {"tags", do_tags},
    {"catalog", do_catalog},
    {"referrers", do_referrers},
    {"blob-head", do_blob_head},
    {"blob-get", do_blob_get},
    {"blob-part", do_blob_part},
    {"blob-put", do_blob_put},
    {"blob-mount", do_blob_mount},
    {"copy", do_copy},
    {"counters", do_counters},
    {"process", do_process},
    {"login", do_login},
    {"logout", do_logout},
    {"cancel-after", do_cancel_after},
    {"free", do_free},
    {"parallel", do_parallel},
};

static command_fn find_command(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return commands[i].run;
        }
    }
    fprintf(stderr, "client: no command %s\n", name);
    exit(2);
}

typedef struct job {
    pthread_t thread;
    char **words;
    zreg_status status;
    zreg_error err;
} job;

static void *run_job(void *user)
{
    job *self = user;
    char answer[512];

    self->status = find_command(self->words[0])(answer, sizeof(answer), self->words, &self->err);
    return NULL;
}

/* COUNT COMMAND...: the same command on so many threads; the first error counts. */
static zreg_status do_parallel(char *answer, size_t room, char **words, zreg_error *err)
{
    static job jobs[MAX_THREADS];
    size_t count = (size_t)number(words[1]);
    zreg_status status = ZREG_OK;

    (void)answer;
    (void)room;
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (job){.words = words + 2};
        pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_join(jobs[i].thread, NULL);
        if (jobs[i].status != ZREG_OK && status == ZREG_OK) {
            status = jobs[i].status;
            *err = jobs[i].err;
        }
    }
    return status;
}

static void *trigger(void *unused)
{
    (void)unused;
    usleep(cancel_after_ms * 1000);
    zreg_cancel_trigger(cancel);
    return NULL;
}

/* Runs a command; when a cancel is due the answer ends with the milliseconds that it took from
 * there to the return. */
static void run_line(char **words)
{
    char answer[1024] = "";
    zreg_error err = {0};
    pthread_t thread;
    bool armed = cancel != NULL;
    uint64_t began = now_ms();
    zreg_status status;
    command_fn run = find_command(words[0]);

    if (armed) {
        pthread_create(&thread, NULL, trigger, NULL);
    }
    status = run(answer, sizeof(answer), words, &err);
    if (status == ZREG_OK) {
        printf("OK%s", answer);
    } else {
        printf("ERR %s %d %s %d %llu %s %s", zreg_status_name(status), err.http_status,
               or_dash(err.registry_code), err.retryable, (unsigned long long)err.retry_after_ms,
               or_dash(err.about), err.message);
    }
    if (armed) {
        printf(" ms=%lld", (long long)(now_ms() - began) - (long long)cancel_after_ms);
        pthread_join(thread, NULL);
        zreg_cancel_free(cancel);
        cancel = NULL;
    }
    putchar('\n');
    fflush(stdout);
}

int main(void)
{
    static char line[1 << 16];

    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *words[MAX_WORDS + 1] = {0};
        char *rest = line;

        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < MAX_WORDS && (words[i] = strsep(&rest, " ")) != NULL; i++) {
        }
        run_line(words);
    }
    zreg_client_free(client);
    return 0;
}
