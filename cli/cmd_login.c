/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"
#include "files.h"
#include "memory.h"
#include "output.h"
#include "terminal.h"
#include "verbs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_spec options_of_login[] = {
    {"password-stdin", NULL, "read the password from standard input"},
    {"no-check", NULL, "keep them without asking the registry"},
    {NULL},
};

static zreg_status read_user(session *s, char **out)
{
    const char *given = options_text(&s->given, "username");
    given = given == NULL ? getenv("ZREG_USERNAME") : given;
    if (given == NULL) {
        return terminal_ask(s, out, "User: ", false, "give --username");
    }
    *out = memory_check(strdup(given));
    return ZREG_OK;
}

static zreg_status read_password(session *s, char **out)
{
    const char *path = options_text(&s->given, "password-file");
    const char *given = getenv("ZREG_PASSWORD");
    if (options_flag(&s->given, "password-stdin")) {
        return files_read_secret(s, out, "-", "--password-stdin");
    }
    if (path != NULL) {
        return files_read_secret(s, out, path, "--password-file");
    }
    if (given == NULL) {
        return terminal_ask(s, out, "Password: ", true, "give --password-stdin");
    }
    *out = memory_check(strdup(given));
    return ZREG_OK;
}

static zreg_status log_in(session *s, char **place, char **user, const char *host)
{
    AUTO_SECRET char *password = NULL;
    zreg_login_options options = ZREG_OPTIONS(zreg_login_options);
    options.no_check = options_flag(&s->given, "no-check");
    zreg_status status = read_user(s, user);
    if (status == ZREG_OK) {
        status = read_password(s, &password);
    }
    return status == ZREG_OK ? zreg_client_login(place, s->client, host, *user, password, &options,
                                                 s->cancel, &s->err)
                             : status;
}

static zreg_status login_run(session *s)
{
    const char *host = session_word(s, 0);
    AUTO_FREE char *user = NULL;
    char *place = NULL;
    if (options_flag(&s->given, "password-stdin") && options_flag(&s->given, "password-file")) {
        return session_misuse(s, "give --password-stdin or --password-file, not both");
    }
    zreg_status status = client_open(s, NULL);
    if (status == ZREG_OK) {
        status = log_in(s, &place, &user, host);
    }
    return status == ZREG_OK ? output_kept(s, "kept", host, place) : status;
}

const verb cmd_login = {
    .name = "login",
    .words = "HOST[:PORT][/REPOSITORY]",
    .min_words = 1,
    .max_words = 1,
    .places = "n",
    .summary = "keep a user and password for a registry",
    .text = "Where docker and podman keep theirs, after the registry has accepted them. Without\n"
            "options it asks for them at the terminal.",
    .options = options_of_login,
    .example = "zreg login registry.example.org --username ann --password-stdin <password.txt",
    .uses_registries = true,
    .run = login_run,
};
