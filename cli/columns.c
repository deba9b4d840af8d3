/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

enum { USUAL = 80, WIDEST = 10000 };

/* From COLUMNS; 0: it does not say. */
static int columns_told(void)
{
    const char *text = getenv("COLUMNS");
    char *end = NULL;
    long number = text == NULL ? 0 : strtol(text, &end, 10);
    return number > 0 && number < WIDEST && *end == '\0' ? (int)number : 0;
}

int columns_of_terminal(int fd)
{
    struct winsize size = {0};
    int told = columns_told();
    int seen = ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    if (seen == 0 || told == 0) {
        return seen + told == 0 ? USUAL : seen + told;
    }
    return seen < told ? seen : told;
}

/* One character: its bytes, what is shown in their place, and the columns of that. */
typedef struct glyph {
    size_t bytes;
    const char *shown;
    int columns;
} glyph;

static glyph next_glyph(const char *text, mbstate_t *state)
{
    wchar_t wide = 0;
    size_t bytes = mbrtowc(&wide, text, strlen(text), state);
    if (bytes == 0 || bytes > strlen(text)) {
        *state = (mbstate_t){0};
        return (glyph){1, "?", 1};
    }
    int columns = wcwidth(wide);
    return columns < 0 ? (glyph){bytes, "?", 1} : (glyph){bytes, text, columns};
}

static void cut(char *to, size_t size, const char *text, int columns)
{
    mbstate_t state = {0};
    size_t used = 0;
    while (*text != '\0') {
        glyph next = next_glyph(text, &state);
        size_t bytes = next.shown == text ? next.bytes : 1;
        if (next.columns > columns || used + bytes >= size) {
            break;
        }
        memcpy(to + used, next.shown, bytes);
        used += bytes;
        columns -= next.columns;
        text += next.bytes;
    }
    to[used] = '\0';
}

/* The locale is taken for this alone: nothing else of the command depends on it. */
void columns_cut(char *to, size_t size, const char *text, int columns)
{
    locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    locale_t before = own == (locale_t)0 ? own : uselocale(own);
    cut(to, size, text, columns);
    if (own != (locale_t)0) {
        uselocale(before);
        freelocale(own);
    }
}
