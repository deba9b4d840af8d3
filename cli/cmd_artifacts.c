/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"
#include "memory.h"
#include "output.h"
#include "table.h"
#include "verbs.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const option_spec options_of_artifacts[] = {
    {"access-log", "FILE", "show instead what a buildset registry with this log gave out"},
    {NULL},
};

static zreg_status print_table(session *s, const void *shown)
{
    const zreg_artifacts *artifacts = shown;
    table *rows = table_new(4);
    table_add(rows, "CHANGE", "BUILD", "IMAGE", "URL");
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        const zreg_artifact *artifact = zreg_artifacts_at(artifacts, i);
        table_add(rows, artifact->change, artifact->build, artifact->name, artifact->url);
    }
    table_print(rows);
    return output_finish(s);
}

static zreg_status artifacts_json(char **out, const void *artifacts, zreg_error *err)
{
    return zreg_artifacts_json(out, artifacts, err);
}

static const output_form artifacts_form = {artifacts_json, print_table};

static zreg_status show_artifacts(session *s)
{
    zreg_artifacts *artifacts = NULL;
    if (session_word(s, 0) == NULL) {
        return session_misuse(s, "give a FILE of artifacts, or --access-log");
    }
    zreg_status status = files_read_artifacts(s, &artifacts, session_word(s, 0));
    status = output_result(s, status, &artifacts_form, artifacts);
    zreg_artifacts_free(artifacts);
    return status;
}

static const char *source_of(const zreg_served_image *image)
{
    switch (image->source) {
    case ZREG_SERVED_CHANGE:
        return "a change ahead";
    case ZREG_SERVED_BUILDSET:
        return "this buildset";
    case ZREG_SERVED_UPSTREAM:
        break;
    }
    return "not here: upstream";
}

static void add_served(table *rows, const zreg_served_image *image)
{
    char bytes[32];
    AUTO_FREE char *name =
        memory_printf("%s%s%s", image->repository, image->tag[0] ? ":" : "", image->tag);
    AUTO_FREE char *digest = memory_printf("%.19s", image->digest);
    AUTO_FREE char *requests = memory_printf("%" PRIu64, image->requests);
    progress_bytes(bytes, image->bytes);
    table_add(rows, name, source_of(image), image->change, digest, requests, bytes,
              image->artifact);
}

static zreg_status print_served(session *s, const void *shown)
{
    const zreg_provenance *provenance = shown;
    size_t count = zreg_provenance_count(provenance);
    if (zreg_provenance_lost(provenance) > 0) {
        fprintf(stderr, "%" PRIu64 " lines of the access log are missing or cannot be read\n",
                zreg_provenance_lost(provenance));
    }
    if (count == 0) {
        puts("nobody asked this registry for an image");
        return output_finish(s);
    }
    table *rows = table_new(7);
    table_add(rows, "IMAGE", "FROM", "CHANGE", "DIGEST", "REQUESTS", "BYTES", "ARTIFACT");
    for (size_t i = 0; i < count; i++) {
        add_served(rows, zreg_provenance_at(provenance, i));
    }
    table_print(rows);
    return output_finish(s);
}

static zreg_status served_json(char **out, const void *provenance, zreg_error *err)
{
    return zreg_provenance_json(out, provenance, err);
}

static const output_form served_form = {served_json, print_served};

static zreg_status show_served(session *s, const char *path)
{
    zreg_provenance *provenance = NULL;
    AUTO_FREE char *text = NULL;
    size_t size = 0;
    zreg_status status = files_read(s, &text, &size, path, FILES_MAX_LOG, "--access-log");
    if (status == ZREG_OK) {
        status = zreg_provenance_read(&provenance, text, size, &s->err);
    }
    status = output_result(s, status, &served_form, provenance);
    zreg_provenance_free(provenance);
    return status;
}

static zreg_status artifacts_run(session *s)
{
    const char *log = options_text(&s->given, "access-log");
    if (log != NULL && session_word(s, 0) != NULL) {
        return session_misuse(s, "give a FILE of artifacts or --access-log, not both");
    }
    return log != NULL ? show_served(s, log) : show_artifacts(s);
}

const verb cmd_artifacts = {
    .name = "artifacts",
    .words = "[FILE]",
    .min_words = 0,
    .max_words = 1,
    .summary = "show the images among Zuul's artifacts, or those that a job was given",
    .text =
        "FILE holds Zuul's variables or a list of artifacts, as JSON; - is standard input. With\n"
        "--access-log it shows each image that was asked for, and which change it came from.",
    .options = options_of_artifacts,
    .example = "zreg artifacts --access-log access.log",
    .run = artifacts_run,
};
