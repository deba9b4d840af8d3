/* SPDX-License-Identifier: Apache-2.0 */
#include "help.h"

#include "memory.h"

void help_verbs(FILE *to, const verb *const *verbs)
{
    fputs("usage: zreg VERB [options] ...\n\nContainer images through the gate.\n\n", to);
    for (; *verbs != NULL; verbs++) {
        fprintf(to, "  %-22s %s\n", (*verbs)->name, (*verbs)->summary);
    }
    fputs("\nzreg help VERB tells more. Exit status: 0 done, 1 failed, 2 wrong use.\n", to);
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

static json_value *options_json(const option_spec *spec)
{
    json_value *array = json_new_array();
    for (; spec->name != NULL; spec++) {
        if (spec->help != NULL) {
            json_value *option = json_new_object();
            json_set_text(option, "name", spec->name);
            json_set_text(option, "value", spec->value);
            json_set_text(option, "help", spec->help);
            json_set_bool(option, "many", spec->many);
            json_add(array, option);
        }
    }
    return array;
}

json_value *help_verb_json(const verb *which)
{
    json_value *document = json_new_object();
    json_set_text(document, "name", which->name);
    json_set_text(document, "words", which->words);
    json_set_text(document, "summary", which->summary);
    json_set_text(document, "text", which->text);
    json_set_text(document, "example", which->example);
    json_set_bool(document, "uses_registries", which->uses_registries);
    json_set(document, "options", options_json(which->options));
    return document;
}

json_value *help_verbs_json(const verb *const *verbs)
{
    json_value *document = json_new_object();
    json_value *array = json_new_array();
    for (; *verbs != NULL; verbs++) {
        json_add(array, help_verb_json(*verbs));
    }
    json_set(document, "verbs", array);
    json_set(document, "common_options", options_json(session_common_options));
    json_set(document, "registry_options", options_json(session_registry_options));
    return document;
}
