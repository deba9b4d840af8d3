/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"

static const option_spec options_of_catalog[] = {{NULL}};

static zreg_status catalog_run(session *s)
{
    const char *host = session_word(s, 0);
    zreg_strings *repositories = NULL;
    zreg_status status = client_open(s, host);
    if (status == ZREG_OK) {
        status = zreg_client_catalog(&repositories, s->client, host, s->cancel, &s->err);
    }
    if (status == ZREG_OK) {
        status = output_names(s, "host", host, "repositories", repositories);
    }
    zreg_strings_free(repositories);
    return status;
}

const verb cmd_catalog = {
    .name = "catalog",
    .words = "HOST[:PORT]",
    .min_words = 1,
    .max_words = 1,
    .places = "h",
    .summary = "list the repositories of a registry",
    .text =
        "Of those that the credentials may see. Many registries, Docker Hub among them, have no\n"
        "such list for anybody.",
    .options = options_of_catalog,
    .example = "zreg catalog registry.example.org:5000",
    .uses_registries = true,
    .run = catalog_run,
};
