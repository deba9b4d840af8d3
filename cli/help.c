/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include "memory.h"

void help_verbs(FILE *to, const verb *const *verbs)
{
    fputs("usage: zreg VERB [options] ...\n\nContainer images through the gate.\n\n", to);
    for (; *verbs != NULL; verbs++) {
        fprintf(to, "  %-22s %s\n", (*verbs)->name, (*verbs)->summary);
    }
    fputs("\nzreg VERB --help tells more. Exit status: 0 done, 1 failed, 2 wrong use.\n", to);
}

static void help_options(FILE *to, const char *title, const option_spec *spec)
{
    bool titled = false;
    for (; spec->name != NULL; spec++) {
        AUTO_FREE char *name = memory_printf("--%s%s%s", spec->name, spec->value == NULL ? "" : " ",
                                             spec->value == NULL ? "" : spec->value);
        if (spec->help == NULL) {
            continue;
        }
        fputs(titled ? "" : title, to);
        titled = true;
        fprintf(to, "  %-28s %s\n", name, spec->help);
    }
}

void help_verb(FILE *to, const verb *which)
{
    fprintf(to, "usage: zreg %s [options]%s%s\n\n%s\n", which->name,
            which->words[0] == '\0' ? "" : " ", which->words, which->summary);
    if (which->text != NULL) {
        fprintf(to, "\n%s\n", which->text);
    }
    help_options(to, "\n", which->options);
    if (which->uses_registries) {
        help_options(to, "\nRegistries:\n", session_registry_options);
    }
    help_options(to, "\nOutput:\n", session_common_options);
    fprintf(to, "\nExample:\n  %s\n", which->example);
}
