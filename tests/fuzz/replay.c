/* SPDX-License-Identifier: Apache-2.0 */
/* Gives every file of a target's corpus to it, as one TAP test each. */
#include "fuzz.h"

#include "base/file.h"
#include "base/limits.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* What is no text stands in the corpus as hex, in NAME.hex. */
static void decode(zreg__buf *content)
{
    char *to = content->data;
    unsigned value;
    int used;
    for (const char *at = zreg__buf_cstr(content); sscanf(at, "%2x %n", &value, &used) == 1;
         at += used) {
        *to++ = (char)value;
    }
    content->size = (size_t)(to - content->data);
}

static void replay(int number, const char *folder, const char *name)
{
    ZREG__AUTO_FREE char *path = zreg__asprintf("%s/%s", folder, name);
    ZREG__AUTO(zreg__buf) zreg__buf content = ZREG__BUF(ZREG__MAX_MANIFEST_BYTES);
    zreg_error err = {0};
    bool good = zreg__file_read(&content, path, &err) == ZREG_OK;
    if (good && zreg__str_ends(name, ".hex")) {
        decode(&content);
    }
    if (good) {
        LLVMFuzzerTestOneInput((const uint8_t *)zreg__buf_cstr(&content), content.size);
    }
    printf("%s %d - %s%s%s\n", good ? "ok" : "not ok", number, name, good ? "" : ": ", err.message);
}

/* tests/fuzz/corpus/NAME of the program fuzz_NAME. */
static char *corpus_folder(void)
{
    const char *srcdir = getenv("ZREG_SRCDIR");
    const char *name = strstr(program_invocation_short_name, "fuzz_");
    return name == NULL ? NULL
                        : zreg__asprintf("%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
                                         name + strlen("fuzz_"));
}

int main(int argc, char **argv)
{
    ZREG__AUTO_FREE char *folder = argc > 1 ? zreg__strdup(argv[1]) : corpus_folder();
    struct dirent **entries = NULL;
    int count = folder != NULL ? scandir(folder, &entries, is_file, alphasort) : -1;
    if (count <= 0) {
        printf("Bail out! no corpus in %s\n", folder ? folder : "?");
        return 1;
    }
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        replay(i + 1, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return 0;
}
