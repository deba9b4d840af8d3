/* SPDX-License-Identifier: Apache-2.0 */
#include "files.h"
#include "memory.h"
#include "output.h"
#include "signals.h"
#include "verbs.h"
#include <stdio.h>
#include <string.h>

static const option_spec options_of_use[] = {
    {"connection", "FILE", "connection record of the buildset registry; - is standard input"},
    {"root", "DIR", "folder that holds the machine's files (/)"},
    {"home", "DIR", "home, beneath the root, of the user who gets credentials ($HOME)"},
    {"engine", "auto|podman|crio|docker|containerd|microk8s|buildkit|k3s|rke2|kubelet",
     "an engine to tell (auto: what is installed); may be repeated", true},
    {"namespace", "HOST",
     "a registry to shadow beside docker.io, quay.io, ghcr.io, gcr.io and registry.k8s.io; may be "
     "repeated",
     true},
    {"unqualified", "HOST",
     "a registry where podman, buildah and CRI-O look for names that have none; may be repeated",
     true},
    {"check", NULL, "only tell what would change"},
    {"revert", NULL, "bring everything back to what it was before"},
    {NULL},
};

static zreg_status print_text(session *s, const void *shown)
{
    const zreg_node_changes *changes = shown;
    size_t changed = 0;
    for (size_t i = 0; i < zreg_node_changes_count(changes); i++) {
        const zreg_node_change *change = zreg_node_changes_at(changes, i);
        if (strcmp(change->action, "unchanged") == 0) {
            continue;
        }
        changed++;
        printf("%-9s %s", change->action, change->path);
        printf(change->wants[0] == '\0' ? "\n" : " (%s: %s)\n", change->engine, change->wants);
    }
    if (changed == 0) {
        puts("nothing to change");
    }
    return output_finish(s);
}

static zreg_status write_json(char **out, const void *changes, zreg_error *err)
{
    return zreg_node_changes_json(out, changes, err);
}

static const output_form use_buildset_registry_form = {write_json, print_text};

static zreg_status apply(session *s, zreg_node_changes **out, const zreg_node_options *options)
{
    const char *path = options_text(&s->given, "connection");
    AUTO_SECRET char *json = NULL;
    size_t size = 0;
    if (path == NULL) {
        return session_misuse(s, "--connection is missing; give it, or --revert");
    }
    zreg_status status = files_read(s, &json, &size, path, FILES_MAX_TEXT, "--connection");
    return status == ZREG_OK ? zreg_node_apply(out, json, size, options, s->cancel, &s->err)
                             : status;
}

static zreg_status use_buildset_registry_run(session *s)
{
    zreg_node_options options = ZREG_OPTIONS(zreg_node_options);
    zreg_node_changes *changes = NULL;
    options.root = options_text(&s->given, "root");
    options.home = options_text(&s->given, "home");
    options.engines = options_list(&s->given, "engine");
    options.namespaces = options_list(&s->given, "namespace");
    options.unqualified = options_list(&s->given, "unqualified");
    options.check = options_flag(&s->given, "check");
    zreg_status status = zreg_cancel_new(&s->cancel, &s->err);
    if (status == ZREG_OK) {
        signals_cancel(s->cancel);
        status = options_flag(&s->given, "revert")
                     ? zreg_node_revert(&changes, &options, s->cancel, &s->err)
                     : apply(s, &changes, &options);
    }
    status = output_result(s, status, &use_buildset_registry_form, changes);
    zreg_node_changes_free(changes);
    return status;
}

const verb cmd_use_buildset_registry = {
    .name = "use-buildset-registry",
    .words = "",
    .max_words = 0,
    .summary = "make this machine's engines ask a buildset registry first, or no longer",
    .text = "No service is restarted: the output says which engines need a reload or a restart.",
    .options = options_of_use,
    .example = "zreg use-buildset-registry --connection registry.json",
    .run = use_buildset_registry_run,
};
