/* SPDX-License-Identifier: Apache-2.0 */
/* Which image does a name mean for this change, and why? */
#include "topic.h"

#include <string.h>

static const char artifacts_of_zuul[] =
    "[{\"name\": \"example/base:latest\","
    " \"url\": \"docker://registry.example.org:5000/example/base:6a0c_latest\", \"change\": \"12\","
    " \"metadata\": {\"type\": \"container_image\", \"repository\": \"example/base\","
    "  \"tag\": \"latest\"}}]";

int main(void)
{
    zreg_resolve_options options = ZREG_OPTIONS(zreg_resolve_options);
    zreg_error err = {0};
    zreg_client *client = NULL;
    zreg_artifacts *artifacts = NULL;
    zreg_resolution *answer = NULL;
    char *json = NULL;

    options.offline = 1; /* by the artifacts alone */
    must(zreg_client_new(&client, NULL, &err), &err);
    must(zreg_artifacts_parse(&artifacts, artifacts_of_zuul, strlen(artifacts_of_zuul), &err),
         &err);
    must(zreg_resolve(&answer, client, "example/base", artifacts, &options, NULL, &err), &err);
    printf("it is that of change %s\n", zreg_resolution_winner(answer)->change);
    for (size_t i = 0; i < zreg_resolution_count(answer); i++) {
        const zreg_candidate *candidate = zreg_resolution_at(answer, i);
        printf("%s: %s\n", candidate->ref, candidate->reason);
    }
    must(zreg_resolution_json(&json, answer, &err), &err);
    zreg_free(json);
    zreg_resolution_free(answer);
    zreg_artifacts_free(artifacts);
    zreg_client_free(client);
    return 0;
}
