/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "output.h"
#include "verbs.h"

static const option_spec options_of_logout[] = {{NULL}};

static zreg_status logout_run(session *s)
{
    const char *host = session_word(s, 0);
    char *place = NULL;
    zreg_status status = client_open(s, NULL);
    if (status == ZREG_OK) {
        status = zreg_client_logout(&place, s->client, host, s->cancel, &s->err);
    }
    return status == ZREG_OK ? output_kept(s, "removed", host, place) : status;
}

const verb cmd_logout = {
    .name = "logout",
    .words = "HOST[:PORT][/REPOSITORY]",
    .min_words = 1,
    .max_words = 1,
    .places = "n",
    .summary = "forget the user and password of a registry",
    .text =
        "What login, docker or podman have kept for it, in the files that are looked through and\n"
        "with their credential helpers. The registry is not asked.",
    .options = options_of_logout,
    .example = "zreg logout registry.example.org",
    .uses_registries = true,
    .run = logout_run,
};
