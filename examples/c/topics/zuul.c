/* SPDX-License-Identifier: Apache-2.0 */
/* What Zuul's API, the URL of a tenant's, knows of change 12. */
#include "topic.h"

#include <inttypes.h>

int main(int argc, char **argv)
{
    const char *api = argc > 1 ? argv[1] : "https://zuul.example.org/api/tenant/example";
    zreg_zuul_options options = ZREG_OPTIONS(zreg_zuul_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_zuul_builds *builds = NULL;
    zreg_artifacts *artifacts = NULL;
    uint64_t order = 0;

    must(zreg_client_new(&client, NULL, &err), &err);
    options.change = "12";
    options.pipeline = "gate";
    must(zreg_zuul_builds_find(&builds, client, api, &options, NULL, &err), &err);
    for (size_t i = 0; i < zreg_zuul_builds_count(builds); i++) {
        const zreg_zuul_build *build = zreg_zuul_builds_at(builds, i);
        printf("build %s of %s\n", build->uuid, build->job);
    }
    must(zreg_zuul_builds_artifacts(&artifacts, builds, &err), &err);
    printf("%zu images\n", zreg_artifacts_count(artifacts));
    options.pipeline = NULL; /* promote */
    must(zreg_zuul_order(&order, client, api, &options, NULL, &err), &err);
    printf("the order of its merge is %" PRIu64 "\n", order);
    zreg_artifacts_free(artifacts);
    zreg_zuul_builds_free(builds);
    zreg_client_free(client);
    return 0;
}
