/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/realm.h"

#include "base/str.h"

#include <string.h>

static bool is_address(const char *host)
{
    return host[0] == '[' || host[strspn(host, "0123456789.")] == '\0';
}

/* True for names that one owner holds: "example.com", "example.co.uk"; false for "com", "co.uk". */
static bool is_owned(const char *name)
{
    const char *last = strrchr(name, '.');

    if (last == NULL) {
        return false;
    }
    if (memchr(name, '.', (size_t)(last - name)) != NULL) {
        return true;
    }
    return strlen(last + 1) > 2 || last - name > 3;
}

static bool is_below(const char *name, const char *parent)
{
    size_t size = strlen(name);
    size_t parent_size = strlen(parent);

    return size > parent_size && name[size - parent_size - 1] == '.' &&
           zreg__str_ends(name, parent) && is_owned(parent);
}

static const char *parent_of(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot != NULL ? dot + 1 : "";
}

bool zreg__realm_shares_domain(const char *registry, const char *realm)
{
    if (zreg__str_equal_nocase(registry, realm)) {
        return true;
    }
    if (is_address(registry) || is_address(realm)) {
        return false;
    }
    return is_below(registry, realm) || is_below(realm, registry) ||
           (is_owned(parent_of(registry)) && strcmp(parent_of(registry), parent_of(realm)) == 0);
}
