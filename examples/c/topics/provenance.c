/* SPDX-License-Identifier: Apache-2.0 */
/* Which change was served? The access log of a buildset registry tells. */
#include "topic.h"

#include <inttypes.h>
#include <string.h>

/* One line, as zreg_server_options.access gives it. */
static const char log_text[] =
    "{\"time\":\"2026-01-31T12:00:00.000Z\",\"id\":\"1\",\"remote\":\"127.0.0.1\",\"user\":null,"
    "\"method\":\"GET\",\"path\":\"/v2/example/base/manifests/latest\","
    "\"repository\":\"example/base\",\"reference\":\"latest\","
    "\"digest\":\"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\","
    "\"status\":200,\"bytes\":400,\"received\":0,\"ms\":1,\"source\":\"artifact\","
    "\"change\":\"12\",\"build\":\"6a0c\","
    "\"artifact\":\"docker://registry.example.org:5000/example/base:6a0c_latest\"}\n";

int main(void)
{
    zreg_error err = {0};
    zreg_provenance *provenance = NULL;
    char *json = NULL;

    must(zreg_provenance_read(&provenance, log_text, strlen(log_text), &err), &err);
    for (size_t i = 0; i < zreg_provenance_count(provenance); i++) {
        const zreg_served_image *image = zreg_provenance_at(provenance, i);
        printf("%s:%s came from change %s, %" PRIu64 " bytes\n", image->repository, image->tag,
               image->change, image->bytes);
    }
    printf("%" PRIu64 " lines are missing\n", zreg_provenance_lost(provenance));
    must(zreg_provenance_json(&json, provenance, &err), &err);
    zreg_free(json);
    zreg_provenance_free(provenance);
    return 0;
}
