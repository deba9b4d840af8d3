/* SPDX-License-Identifier: Apache-2.0 */
/* The images among Zuul's artifacts. */
#include "topic.h"

#include <string.h>

static const char zuul[] =
    "{\"zuul\": {\"artifacts\": [{\"name\": \"example/base:latest\","
    " \"url\": \"docker://registry.example.org:5000/example/base:6a0c_latest\", \"change\": \"12\","
    " \"metadata\": {\"type\": \"container_image\", \"repository\": \"example/base\","
    "  \"tag\": \"latest\"}}]}}";

int main(void)
{
    zreg_error err = {0};
    zreg_artifacts *artifacts = NULL;
    char *json = NULL;

    must(zreg_artifacts_parse(&artifacts, zuul, strlen(zuul), &err), &err);
    for (size_t i = 0; i < zreg_artifacts_count(artifacts); i++) {
        const zreg_artifact *artifact = zreg_artifacts_at(artifacts, i);
        printf("change %s made %s: %s\n", artifact->change, artifact->name, artifact->url);
    }
    must(zreg_artifacts_json(&json, artifacts, &err), &err);
    printf("%s\n", json); /* for zuul_return */
    zreg_free(json);
    zreg_artifacts_free(artifacts);
    return 0;
}
