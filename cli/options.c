/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include "memory.h"
#include "nearest.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count_specs(const option_spec *const *tables)
{
    size_t count = 0;
    for (; *tables != NULL; tables++) {
        for (const option_spec *spec = *tables; spec->name != NULL; spec++) {
            count++;
        }
    }
    return count;
}

static void start(given_options *out, const option_spec *const *tables, size_t argc)
{
    size_t count = count_specs(tables);
    out->specs = memory_array(count, sizeof(*out->specs));
    out->values = memory_array(count, sizeof(*out->values));
    out->words = memory_array(argc + 1, sizeof(*out->words));
    for (; *tables != NULL; tables++) {
        for (const option_spec *spec = *tables; spec->name != NULL; spec++) {
            out->specs[out->count] = spec;
            out->values[out->count++] = memory_array(argc + 1, sizeof(**out->values));
        }
    }
}

static const option_spec *spec_of(const option_spec *const *tables, const char *name, size_t size)
{
    for (; *tables != NULL; tables++) {
        for (const option_spec *spec = *tables; spec->name != NULL; spec++) {
            if (strncmp(spec->name, name, size) == 0 && spec->name[size] == '\0') {
                return spec;
            }
        }
    }
    return NULL;
}

int options_width(const option_spec *const *tables, const char *text)
{
    if (strcmp(text, "-h") == 0) {
        return 1;
    }
    const char *name = strncmp(text, "--", 2) == 0 ? text + 2 : "";
    size_t size = strcspn(name, "=");
    const option_spec *spec = spec_of(tables, name, size);
    if (spec == NULL) {
        return 0;
    }
    return spec->value != NULL && name[size] == '\0' ? 2 : 1;
}

/* A value is never repeated in a mistake: it could be a secret that does not belong there. */
void options_unknown(char *mistake, size_t size, const option_spec *const *tables, const char *text)
{
    size_t name_size = strcspn(text, "=");
    size_t dashes = strspn(text, "-");
    nearest meant = nearest_start(text + dashes, name_size < dashes ? 0 : name_size - dashes);
    for (; *tables != NULL; tables++) {
        for (const option_spec *spec = *tables; spec->name != NULL; spec++) {
            if (spec->help != NULL) {
                nearest_consider(&meant, spec->name);
            }
        }
    }
    snprintf(mistake, size, "option %.*s is not known%s%s%s", name_size > 40 ? 40 : (int)name_size,
             text, meant.name == NULL ? "" : ": did you mean --",
             meant.name == NULL ? "" : meant.name, meant.name == NULL ? "" : "?");
}

static size_t find(const given_options *given, const char *name, size_t size)
{
    size_t i = 0;
    while (i < given->count && (strncmp(given->specs[i]->name, name, size) != 0 ||
                                given->specs[i]->name[size] != '\0')) {
        i++;
    }
    return i;
}

static bool mistaken(given_options *out, const char *what, const char *name, size_t size)
{
    snprintf(out->mistake, sizeof(out->mistake), "option --%.*s %s", (int)size, name, what);
    return false;
}

static bool add_value(given_options *out, size_t i, const char *value)
{
    const option_spec *spec = out->specs[i];
    size_t count = 0;
    while (out->values[i][count] != NULL) {
        count++;
    }
    if (count > 0 && !spec->many && spec->value != NULL) {
        return mistaken(out, "is given twice", spec->name, strlen(spec->name));
    }
    if (count == 0 || spec->many) {
        out->values[i][count] = value;
    }
    return true;
}

/* Reads the option at `argv[*at]`, which the tables have, and its value, which may be the next
 * argument. */
static bool read_option(given_options *out, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2;
    size_t size = strcspn(name, "=");
    bool joined = name[size] == '=';
    size_t i = find(out, name, size);
    if (out->specs[i]->value == NULL) {
        return joined ? mistaken(out, "takes no value", name, size)
                      : add_value(out, i, out->specs[i]->name);
    }
    if (joined) {
        return add_value(out, i, name + size + 1);
    }
    if (*at + 1 >= argc) {
        return mistaken(out, "needs a value", name, size);
    }
    *at += 1;
    return add_value(out, i, argv[*at]);
}

bool options_parse(given_options *out, const option_spec *const *tables, int argc, char **argv)
{
    bool only_words = false;
    start(out, tables, (size_t)argc);
    for (int i = 0; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && strcmp(argv[i], "-h") == 0) {
            out->values[find(out, "help", 4)][0] = "help";
        } else if (!only_words && options_width(tables, argv[i]) > 0) {
            if (!read_option(out, argc, argv, &i)) {
                return false;
            }
        } else if (!only_words && argv[i][0] == '-' && argv[i][1] != '\0') {
            options_unknown(out->mistake, sizeof(out->mistake), tables, argv[i]);
            return false;
        } else {
            out->words[out->word_count++] = argv[i];
        }
    }
    return true;
}

const char *const *options_list(const given_options *given, const char *name)
{
    static const char *const none[] = {NULL};
    size_t i = find(given, name, strlen(name));
    return i == given->count ? none : given->values[i];
}

const char *const *options_list_or_null(const given_options *given, const char *name)
{
    const char *const *list = options_list(given, name);
    return list[0] == NULL ? NULL : list;
}

const char *options_text(const given_options *given, const char *name)
{
    return options_list(given, name)[0];
}

bool options_flag(const given_options *given, const char *name)
{
    return options_text(given, name) != NULL;
}

void options_finish(given_options *given)
{
    for (size_t i = 0; i < given->count; i++) {
        free(given->values[i]);
    }
    free(given->specs);
    free(given->values);
    free(given->words);
}
