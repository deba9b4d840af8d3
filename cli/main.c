/* SPDX-License-Identifier: Apache-2.0 */
/* The command zreg: finds the verb, runs it, tells how it ended. */
#include "config.h"

#include "help.h"
#include "output.h"
#include "signals.h"
#include "values.h"
#include "verbs.h"
#if ZREG_STATIC_CLI
#include <nss.h>
#endif
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { DONE = 0, FAILED = 1, WRONG_USE = 2 };

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

static int run_verb(const verb *which, int argc, char **argv)
{
    session s = {.json = wants_json(argc, argv)};
    zreg_status status = session_start(&s, which, argc, argv);
    if (status == ZREG_OK && options_flag(&s.given, "help")) {
        help_verb(stdout, which);
        status = output_finish(&s);
    } else if (status == ZREG_OK) {
        status = values_check(&s);
        status = status == ZREG_OK ? which->run(&s) : status;
    }
    int code = end(&s, status);
    session_finish(&s);
    fflush(NULL);
    if (code != 0) {
        signals_die(); /* what was done all the same is told by a 0 */
    }
    return code;
}

static const verb *verb_named(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        return &cmd_help;
    }
    return strcmp(name, "--version") == 0 ? &cmd_version : verbs_find(name);
}

/* Where the verb stands: behind the options that all verbs have. `argc` when there is none; then
 * --help and --version are verbs. 0: see `mistake`. */
static int find_verb(int argc, char **argv, char *mistake, size_t size)
{
    static const option_spec *const tables[] = {session_common_options, session_registry_options,
                                                NULL};
    int at = 1;
    int help = 0;
    while (at < argc && argv[at][0] == '-' && strcmp(argv[at], "--version") != 0) {
        int width = options_width(tables, argv[at]);
        if (width == 0) {
            options_unknown(mistake, size, tables, argv[at]);
            return 0;
        }
        help = verb_named(argv[at]) == &cmd_help ? at : help;
        at += width;
    }
    return at < argc || help == 0 ? at : help;
}

/* Options before the verb are as good as behind it. */
static void bring_forward(char **argv, int at)
{
    char *verb_name = argv[at];
    memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof(*argv));
    argv[1] = verb_name;
}

static int misuse(int argc, char **argv, const char *mistake)
{
    session s = {.json = wants_json(argc, argv)};
    const char *more = strchr(mistake, '?') == NULL ? "; a verb's own options stand behind it" : "";
    return end(&s, mistake[0] != '\0' ? session_misuse(&s, "%s%s", mistake, more)
                                      : verbs_unknown(&s, argv[1]));
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

/* Where one of the three is closed, the next file or socket that is opened would take its number, and be
 * sent our messages. What stands there instead cannot be read from or written to, as if it were closed. */
static bool keep_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int mode = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", mode) != fd) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    char mistake[160] = "";
    if (!keep_standard_files()) {
        return FAILED;
    }
    keep_to_this_file();
    signals_begin();
    int at = find_verb(argc, argv, mistake, sizeof(mistake));
    if (at == 0) {
        return misuse(argc, argv, mistake);
    }
    if (at >= argc) {
        help_verbs(stderr, verbs);
        return WRONG_USE;
    }
    bring_forward(argv, at);
    const verb *which = verb_named(argv[1]);
    return which == NULL ? misuse(argc, argv, "") : run_verb(which, argc - 2, argv + 2);
}
