/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"
#include "output.h"
#include "verbs.h"

static const option_spec options_of_help[] = {{NULL}};

static zreg_status help_run(session *s)
{
    const char *name = session_word(s, 0);
    const verb *which = name == NULL ? NULL : verbs_find(name);
    if (name != NULL && which == NULL) {
        return verbs_unknown(s, name);
    }
    if (s->json) {
        return output_json(s, which == NULL ? help_verbs_json(verbs) : help_verb_json(which));
    }
    if (which == NULL) {
        help_verbs(stdout, verbs);
    } else {
        help_verb(stdout, which);
    }
    return output_finish(s);
}

const verb cmd_help = {
    .name = "help",
    .words = "[VERB]",
    .min_words = 0,
    .max_words = 1,
    .summary = "list the verbs, or explain one",
    .text = "With --json: the table of verbs and options that help, the manual and the completion\n"
            "of shells are made from.",
    .options = options_of_help,
    .example = "zreg help copy",
    .run = help_run,
};
