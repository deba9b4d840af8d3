/* SPDX-License-Identifier: Apache-2.0 */
#include "image/machine.h"

#include "base/compiler.h"
#include "base/mem.h"
#include "base/str.h"
#include <sys/utsname.h>

char *zreg__machine_platform(void)
{
    static const struct {
        const char *machine;
        const char *platform;
    } machines[] = {
        {"x86_64", "amd64"}, {"aarch64", "arm64"}, {"armv7l", "arm/v7"},       {"armv6l", "arm/v6"},
        {"i386", "386"},     {"i686", "386"},      {"loongarch64", "loong64"},
    };
    struct utsname about;
    if (uname(&about) != 0) {
        return zreg__strdup("linux/amd64");
    }
    for (size_t i = 0; i < ZREG__COUNT(machines); i++) {
        if (zreg__str_equal(about.machine, machines[i].machine)) {
            return zreg__asprintf("linux/%s", machines[i].platform);
        }
    }
    return zreg__asprintf("linux/%s", about.machine);
}
