/* SPDX-License-Identifier: Apache-2.0 */
#include "sync_file.h"

#include "files.h"
#include "memory.h"
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r"

static size_t count_lines(const char *text)
{
    size_t count = 1;
    for (; *text != '\0'; text++) {
        count += *text == '\n' ? 1 : 0;
    }
    return count;
}

static void add(const char **list, const char *text)
{
    while (*list != NULL) {
        list++;
    }
    *list = text;
}

/* A '#' begins a comment where a word may begin, so one within a pattern stays. */
static void cut_comment(char *line)
{
    for (char *c = line; *c != '\0'; c++) {
        if (*c == '#' && (c == line || strchr(BLANKS, c[-1]) != NULL)) {
            *c = '\0';
            return;
        }
    }
}

static zreg_status read_words(session *s, sync_line *out, char *text, size_t number)
{
    char *rest = NULL;
    size_t room = strlen(text) / 2 + 2;
    char *src = strtok_r(text, BLANKS, &rest);
    if (src == NULL) {
        return ZREG_OK;
    }
    out->src = src;
    out->dst = strtok_r(NULL, BLANKS, &rest);
    out->tags = memory_array(room, sizeof(*out->tags));
    out->exclude = memory_array(room, sizeof(*out->exclude));
    if (out->dst == NULL) {
        return session_fail(s, ZREG_INVAL, "--file: line %zu: write SRC DST [PATTERN]...", number);
    }
    for (char *word = strtok_r(NULL, BLANKS, &rest); word != NULL;
         word = strtok_r(NULL, BLANKS, &rest)) {
        if (strcmp(word, "!") == 0) {
            return session_fail(s, ZREG_INVAL, "--file: line %zu: a pattern is missing behind !",
                                number);
        }
        add(word[0] == '!' ? out->exclude : out->tags, word[0] == '!' ? word + 1 : word);
    }
    return ZREG_OK;
}

zreg_status sync_file_read(session *s, sync_file *out, const char *path)
{
    zreg_status status = files_read_text(s, &out->text, path, "--file");
    if (status != ZREG_OK) {
        return status;
    }
    out->lines = memory_array(count_lines(out->text), sizeof(*out->lines));
    char *line = out->text;
    for (size_t number = 1; line != NULL && status == ZREG_OK; number++) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        cut_comment(line);
        status = read_words(s, &out->lines[out->count], line, number);
        out->count += out->lines[out->count].src != NULL ? 1 : 0;
        line = end == NULL ? NULL : end + 1;
    }
    return status == ZREG_OK && out->count == 0
               ? session_fail(s, ZREG_INVAL, "--file: %s: there is no line SRC DST in it", path)
               : status;
}

void sync_file_single(sync_file *out, const char *src, const char *dst)
{
    out->lines = memory_array(1, sizeof(*out->lines));
    out->lines[0] = (sync_line){.src = src, .dst = dst};
    out->count = 1;
}

void sync_file_finish(sync_file *file)
{
    for (size_t i = 0; i < file->count; i++) {
        free(file->lines[i].tags);
        free(file->lines[i].exclude);
    }
    free(file->lines);
    free(file->text);
}
