/* SPDX-License-Identifier: Apache-2.0 */
/* The command zreg: finds the verb, runs it, tells how it ended. */
#include "config.h"

#include "help.h"
#include "output.h"
#include "verbs.h"
#if ZREG_STATIC_CLI
#include <nss.h>
#endif
#include <signal.h>
#include <string.h>

enum { DONE = 0, FAILED = 1, WRONG_USE = 2 };

static const verb *const verbs[] = {
#if ZREG_WITH_SERVER
    &cmd_serve,
#endif
    &cmd_copy,         &cmd_append,
    &cmd_index,        &cmd_inspect,
    &cmd_tags,         &cmd_delete_tag,
    &cmd_artifacts,    &cmd_resolve,
    &cmd_populate,     &cmd_publish,
    &cmd_upload,       &cmd_promote,
    &cmd_cleanup_tags, &cmd_use_buildset_registry,
    &cmd_version,      NULL,
};

static const verb *find(const char *name)
{
    for (const verb *const *candidate = verbs; *candidate != NULL; candidate++) {
        if (strcmp((*candidate)->name, name) == 0) {
            return *candidate;
        }
    }
    return NULL;
}

/* A command line that could not be read may still have asked for JSON. */
static bool wants_json(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

static int end(session *s, zreg_status status)
{
    if (status == ZREG_OK) {
        return DONE;
    }
    progress_finish(&s->progress);
    output_error(s);
    if (s->misused && s->verb != NULL) {
        fprintf(stderr, "zreg %s --help tells how to use it\n", s->verb->name);
    }
    return s->misused ? WRONG_USE : FAILED;
}

static int run(const verb *which, int argc, char **argv)
{
    session s = {.json = wants_json(argc, argv)};
    zreg_status status = session_start(&s, which, argc, argv);
    if (status == ZREG_OK && options_flag(&s.given, "help")) {
        help_verb(stdout, which);
        status = output_finish(&s);
    } else if (status == ZREG_OK) {
        status = which->run(&s);
    }
    int code = end(&s, status);
    session_finish(&s);
    return code;
}

static int no_such_verb(const char *name, int argc, char **argv)
{
    session s = {.json = wants_json(argc, argv)};
    int code =
        end(&s, session_misuse(&s, "there is no verb \"%.40s\"; zreg --help lists them", name));
    return code;
}

/* Names of hosts come from /etc/hosts and DNS, which libc has within itself. Anything else that the node's
 * nsswitch.conf lists would be loaded from the node, for another libc than this file's. */
static void keep_to_this_file(void)
{
#if ZREG_STATIC_CLI
    (void)__nss_configure_lookup("hosts", "files dns");
    (void)__nss_configure_lookup("services", "files");
#endif
}

int main(int argc, char **argv)
{
    keep_to_this_file();
    signal(SIGPIPE, SIG_IGN);
    const char *name = argc > 1 ? argv[1] : "";
    const verb *which = find(name);
    if (which != NULL) {
        return run(which, argc - 2, argv + 2);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help_verbs(stdout, verbs);
        return DONE;
    }
    if (strcmp(name, "--version") == 0) {
        return run(&cmd_version, 0, NULL);
    }
    if (argc < 2) {
        help_verbs(stderr, verbs);
        return WRONG_USE;
    }
    return no_such_verb(name, argc - 1, argv + 1);
}
