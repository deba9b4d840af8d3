/* SPDX-License-Identifier: Apache-2.0 */
#include "referrers_tree.h"

#include "memory.h"
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_NODES = 1000, MAX_PREFIX = 4 * (MAX_DEPTH + 2) * 4 };

/* One walk. */
typedef struct tree {
    session *s;
    const zreg_ref *repository;
    const zreg_referrers_options *options;
    zreg_digest *seen;
    size_t count;
} tree;

static json_value *annotations_of(const zreg_descriptor *one)
{
    json_value *annotations = json_new_object();
    for (const char *const *at = one->annotations; at != NULL && *at != NULL; at += 2) {
        json_set_text(annotations, at[0], at[1]);
    }
    return annotations;
}

json_value *referrers_describe(const zreg_descriptor *one)
{
    json_value *entry = json_new_object();
    json_set_text(entry, "digest", one->digest.text);
    json_set_text(entry, "media_type", one->media_type);
    json_set_text(entry, "artifact_type", one->artifact_type);
    json_set_number(entry, "size", one->size_bytes);
    json_set(entry, "annotations", annotations_of(one));
    return entry;
}

static bool was_seen(const tree *t, const zreg_digest *digest)
{
    for (size_t i = 0; i < t->count; i++) {
        if (zreg_digest_equal(&t->seen[i], digest)) {
            return true;
        }
    }
    return false;
}

static zreg_status enter(tree *t, const zreg_digest *digest, unsigned depth)
{
    if (t->count == MAX_NODES || depth > MAX_DEPTH) {
        return session_fail(t->s, ZREG_LIMIT,
                            "%s: more than %d manifests, or referrers more than %d deep",
                            zreg_ref_text(t->repository), MAX_NODES, MAX_DEPTH);
    }
    t->seen[t->count++] = *digest;
    return ZREG_OK;
}

static zreg_status walk(tree *t, json_value *node, const zreg_digest *subject, unsigned depth);

static zreg_status add_one(tree *t, json_value *list, const zreg_descriptor *one, unsigned depth)
{
    json_value *entry = referrers_describe(one);
    json_add(list, entry);
    if (was_seen(t, &one->digest)) {
        json_set_bool(entry, "seen", true);
        return ZREG_OK;
    }
    return walk(t, entry, &one->digest, depth + 1);
}

/* Adds what names the subject to the node, each with what names it in turn. */
static zreg_status walk(tree *t, json_value *node, const zreg_digest *subject, unsigned depth)
{
    zreg_ref *ref = NULL;
    zreg_referrers *found = NULL;
    json_value *list = json_new_array();
    json_set(node, "referrers", list);
    zreg_status status = enter(t, subject, depth);
    if (status == ZREG_OK) {
        status = zreg_ref_with_digest(&ref, t->repository, subject, &t->s->err);
    }
    if (status == ZREG_OK) {
        status = zreg_client_referrers(&found, t->s->client, ref, depth == 0 ? t->options : NULL,
                                       t->s->cancel, &t->s->err);
    }
    for (size_t i = 0; status == ZREG_OK && i < zreg_referrers_count(found); i++) {
        status = add_one(t, list, zreg_referrers_at(found, i), depth);
    }
    zreg_referrers_free(found);
    zreg_ref_free(ref);
    return status;
}

/* "linux/arm64", or "". */
static void name_platform(char to[80], const zreg_descriptor *child)
{
    const zreg_platform *has = &child->platform;
    to[0] = '\0';
    if (child->has_platform && has->os != NULL && has->architecture != NULL) {
        bool bare = has->variant == NULL || has->variant[0] == '\0';
        snprintf(to, 80, "%.20s/%.20s%s%.20s", has->os, has->architecture, bare ? "" : "/",
                 bare ? "" : has->variant);
    }
}

static zreg_status add_children(tree *t, json_value *root, const zreg_manifest *index)
{
    json_value *list = json_new_array();
    zreg_status status = ZREG_OK;
    json_set(root, "manifests", list);
    for (size_t i = 0; status == ZREG_OK && i < zreg_manifest_count(index); i++) {
        const zreg_descriptor *child = zreg_manifest_at(index, i);
        json_value *entry = json_new_object();
        char platform[80];
        name_platform(platform, child);
        json_add(list, entry);
        json_set_text(entry, "digest", child->digest.text);
        json_set_text(entry, "media_type", child->media_type);
        json_set_text(entry, "platform", platform);
        status = was_seen(t, &child->digest) ? ZREG_OK : walk(t, entry, &child->digest, 0);
    }
    return status;
}

/* Only an index has children to go into; a digest may have referrers and not be there itself. */
static zreg_status build(tree *t, json_value *root)
{
    zreg_manifest *manifest = NULL;
    zreg_digest digest;
    session *s = t->s;
    zreg_status status =
        zreg_client_manifest_get(&manifest, s->client, t->repository, s->cancel, &s->err);
    if (status == ZREG_NOTFOUND && zreg_ref_digest(t->repository) != NULL) {
        digest = *zreg_ref_digest(t->repository);
        status = ZREG_OK;
    } else if (status == ZREG_OK) {
        digest = *zreg_manifest_digest(manifest);
    }
    if (status == ZREG_OK) {
        json_set_text(root, "digest", digest.text);
        status = walk(t, root, &digest, 0);
    }
    if (status == ZREG_OK && manifest != NULL && zreg_manifest_is_index(manifest)) {
        status = add_children(t, root, manifest);
    }
    zreg_manifest_free(manifest);
    return status;
}

static void print_nodes(const json_value *parent, const char *prefix);

static void print_node(const json_value *node, const char *prefix, bool last)
{
    char below[MAX_PREFIX];
    const char *type = json_text(node, "artifact_type");
    type = type == NULL ? json_text(node, "platform") : type;
    type = type == NULL ? json_text(node, "media_type") : type;
    printf("%s%s %s  ", prefix, last ? "`--" : "|--", json_text(node, "digest"));
    json_print_clean(type == NULL ? "-" : type);
    puts(json_has(node, "seen") ? " (see above)" : "");
    snprintf(below, sizeof(below), "%.*s%s", (int)sizeof(below) - 5, prefix,
             last ? "    " : "|   ");
    print_nodes(node, below);
}

static void print_nodes(const json_value *parent, const char *prefix)
{
    static const char *const lists[] = {"referrers", "manifests"};
    size_t rest = json_length(parent, "referrers") + json_length(parent, "manifests");
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < json_length(parent, lists[k]); i++) {
            print_node(json_at(parent, lists[k], i), prefix, --rest == 0);
        }
    }
}

zreg_status referrers_tree(session *s, const zreg_ref *ref, const zreg_referrers_options *options)
{
    tree t = {.s = s, .repository = ref, .options = options};
    json_value *root = json_new_object();
    t.seen = memory_array(MAX_NODES, sizeof(*t.seen));
    json_set_text(root, "ref", zreg_ref_text(ref));
    zreg_status status = build(&t, root);
    free(t.seen);
    if (status == ZREG_OK && s->json) {
        return output_json(s, root);
    }
    if (status == ZREG_OK) {
        printf("%s %s\n", zreg_ref_text(ref), json_text(root, "digest"));
        print_nodes(root, "");
        status = output_finish(s);
    }
    json_free(root);
    return status;
}
