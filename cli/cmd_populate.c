/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "files.h"
#include "memory.h"
#include "output.h"
#include "verbs.h"
#include <stdio.h>

static const option_spec options_of_populate[] = {
    {"artifacts", "FILE", "Zuul's variables, or a list of artifacts, as JSON; - is standard input"},
    {"to", "HOST:PORT", "the buildset registry"},
    {"intermediate", "HOST:PORT", "read from here instead of where the artifacts say"},
    {"with-referrers", NULL, "take signatures, attestations and other referrers along"},
    {"jobs", "JOBS", "transfers at once (8)"},
    {"records", "HOST:PORT", "tell of changes that gave no image what they have published there"},
    {"zuul-api", "URL", "bring in too what has merged and is not promoted yet, as Zuul says here"},
    {"tenant", "NAME", "Zuul's tenant, when the URL is not the tenant's own"},
    {"project", "NAME", "look for merged changes of this project only"},
    {"pipeline", "NAME", "the pipeline that merges changes; gate by default"},
    {"job-name", "NAME", "look for merged changes' images of this job only"},
    {"promote-pipeline", "NAME", "the pipeline that promotes; promote by default"},
    {NULL},
};

static void print_item(const zreg_populated_item *item)
{
    const char *before = ": ";
    if (item->change[0] == '\0') {
        printf("an item of %s", item->project);
    } else {
        printf("change %s,%s of %s", item->change, item->patchset, item->project);
    }
    if (item->merged) {
        printf(", merged and not promoted yet");
    }
    for (size_t i = 0; item->images[i] != NULL; i++, before = ", ") {
        printf("%s%s", before, item->images[i]);
    }
    if (item->reason[0] != '\0') {
        printf(": no image: %s", item->reason);
    }
    puts("");
}

static void print_items(const zreg_populated *populated)
{
    size_t count = zreg_populated_items_count(populated);
    if (!zreg_populated_items_known(populated)) {
        puts("which changes are ahead is not known: give all of Zuul's variables");
    } else if (count == 0) {
        puts("no change is ahead");
    }
    for (size_t i = 0; i < count; i++) {
        print_item(zreg_populated_items_at(populated, i));
    }
}

static zreg_status print_text(session *s, const void *shown)
{
    const zreg_populated *populated = shown;
    for (size_t i = 0; i < zreg_populated_count(populated); i++) {
        const zreg_populated_image *image = zreg_populated_at(populated, i);
        char bytes[32];
        progress_bytes(bytes, image->bytes);
        printf("%s:%s %s (change %s, %s)\n", image->repository, image->tag, image->digest,
               image->change[0] == '\0' ? "unknown" : image->change, bytes);
        for (size_t k = 0; image->superseded[k] != NULL; k++) {
            printf("  instead of %s\n", image->superseded[k]);
        }
    }
    print_items(populated);
    return output_finish(s);
}

static zreg_status write_json(char **out, const void *populated, zreg_error *err)
{
    return zreg_populated_json(out, populated, err);
}

static const output_form populate_form = {write_json, print_text};

static zreg_status populate(session *s, zreg_populated **out, const zreg_artifacts *artifacts,
                            const char *to)
{
    zreg_populate_options options = ZREG_OPTIONS(zreg_populate_options);
    options.intermediate = options_text(&s->given, "intermediate");
    options.records = options_text(&s->given, "records");
    options.zuul_api = options_text(&s->given, "zuul-api");
    options.zuul_tenant = options_text(&s->given, "tenant");
    options.zuul_project = options_text(&s->given, "project");
    options.zuul_pipeline = options_text(&s->given, "pipeline");
    options.zuul_job = options_text(&s->given, "job-name");
    options.zuul_promote_pipeline = options_text(&s->given, "promote-pipeline");
    options.progress = progress_draw;
    options.progress_user = &s->progress;
    AUTO_FREE char *place = memory_printf("%s/a", to);
    options.with_referrers = options_flag(&s->given, "with-referrers");
    zreg_status status = session_number(s, "jobs", 0, &options.jobs);
    if (status == ZREG_OK) {
        status = client_open(s, place);
    }
    if (status == ZREG_OK) {
        status = zreg_populate(out, s->client, artifacts, to, &options, s->cancel, &s->err);
    }
    progress_finish(&s->progress);
    return status;
}

static zreg_status populate_run(session *s)
{
    zreg_artifacts *artifacts = NULL;
    zreg_populated *populated = NULL;
    const char *path = options_text(&s->given, "artifacts");
    const char *to = options_text(&s->given, "to");
    if (path == NULL || to == NULL) {
        return session_misuse(s, "--%s is missing", path == NULL ? "artifacts" : "to");
    }
    zreg_status status = files_read_artifacts(s, &artifacts, path);
    if (status == ZREG_OK) {
        status = populate(s, &populated, artifacts, to);
    }
    status = output_result(s, status, &populate_form, populated);
    zreg_populated_free(populated);
    zreg_artifacts_free(artifacts);
    return status;
}

const verb cmd_populate = {
    .name = "populate",
    .words = "",
    .max_words = 0,
    .summary = "bring the images of the changes ahead into a buildset registry",
    .text =
        "Of each image only the nearest change's is copied, pinned to its digest. Of each change\n"
        "ahead it says which images came from it, or why none did.\n"
        "--username is for the buildset registry.",
    .options = options_of_populate,
    .example = "zreg populate --artifacts zuul.json --to 127.0.0.1:9000 --connection registry.json",
    .uses_registries = true,
    .run = populate_run,
};
