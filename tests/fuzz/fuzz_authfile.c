/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include "registry/authfile.h"

static const char *const names[] = {"docker.io/library/x", "e.com", "e.com:5000/a/b", "localhost"};

static void look_for(const zreg__json *file, const char *name)
{
    ZREG__AUTO_FREE char *helper = NULL;
    ZREG__AUTO_FREE char *server = NULL;
    ZREG__AUTO(zreg__credential) zreg__credential credential = {0};
    zreg_error err = {0};
    bool found = false;

    fuzz_check_result(zreg__authfile_helper(&helper, &server, file, name, &err), &err);
    fuzz_check(helper == NULL || strchr(helper, '/') == NULL);
    err = (zreg_error){0};
    fuzz_check_result(zreg__authfile_entry(&found, &credential, file, name, &err), &err);
}

/* What was added is found, and after it was removed it is not. */
static void change(zreg__json *file, const char *host)
{
    const zreg__credential given = {.username = (char[]){"ann"}, .password = (char[]){"s:ecret"}};
    ZREG__AUTO(zreg__credential) zreg__credential kept = {0};
    zreg_error err = {0};
    bool found = false;

    fuzz_check(zreg__authfile_remove(&found, file, host, &err) == ZREG_OK);
    zreg_status status = zreg__authfile_add(file, host, &given, &err);
    fuzz_check_result(status, &err);
    if (status != ZREG_OK) {
        return;
    }
    fuzz_check(zreg__authfile_entry(&found, &kept, file, host, &err) == ZREG_OK && found);
    fuzz_check(strcmp(kept.username, "ann") == 0 && strcmp(kept.password, "s:ecret") == 0);
    fuzz_check(zreg__authfile_remove(&found, file, host, &err) == ZREG_OK && found);
    fuzz_check(zreg__authfile_remove(&found, file, host, &err) == ZREG_OK && !found);
}

/* A refresh token stands in the place of the password. */
static void change_token(zreg__json *file, const char *name)
{
    const zreg__credential given = {
        .username = (char[]){"ann"}, .password = (char[]){"no"}, .identity_token = (char[]){"t"}};
    ZREG__AUTO(zreg__credential) zreg__credential kept = {0};
    bool found = false;

    fuzz_check(zreg__authfile_remove(&found, file, name, NULL) == ZREG_OK);
    if (zreg__authfile_add(file, name, &given, NULL) == ZREG_OK) {
        fuzz_check(zreg__authfile_entry(&found, &kept, file, name, NULL) == ZREG_OK && found);
        fuzz_check(strcmp(kept.identity_token, "t") == 0 && kept.password[0] == '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ZREG__AUTO_SECRET_JSON zreg__json *file = NULL;
    zreg_error err = {0};

    if (zreg__json_parse(&file, data, size, "auth.json", NULL) != ZREG_OK ||
        !zreg__json_is_object(file)) {
        return 0;
    }
    fuzz_check_result(zreg__authfile_check(file, "auth.json", &err), &err);
    for (size_t i = 0; i < ZREG__COUNT(names); i++) {
        look_for(file, names[i]);
    }
    change(file, "docker.io");
    change(file, "e.com");
    change(file, "e.com/a/b");
    change_token(file, "e.com:5000/a");
    return 0;
}
