/* SPDX-License-Identifier: Apache-2.0 */
/**
 * libzreg: the container image gating workflow of Zuul as a library.
 *
 * This header includes every topic. Each topic is one small header that can be read alone:
 *
 *   common     status codes, errors, memory, version        client    talk to a registry
 *   cancel     stop a blocking call from any thread         blob      read and write blobs as streams
 *   ref        image references                             copy      move images, append, index
 *   digest     content digests                              server    a registry in this process
 *   manifest   image manifests and indexes                  artifact  Zuul's artifacts
 *   resolve    which image does a name mean for a change    gate      populate publish upload promote
 *   cleanup    old temporary tags                           host      engines told to use a registry
 *   provenance which change was served                      zuul      Zuul's API: builds, order of merging
 *   referrers  what names an image as its subject           version   version macros, features of this build
 *   sync       the tags of a repository, brought up to date verify    is all of an image there, and right
 *   export     the file system of an image as a tar archive
 *
 * Conventions, true for every function:
 *   - The order of parameters is: outputs, the object, inputs, options, callback and its user
 *     pointer, cancel token, error.
 *   - A function that can fail returns zreg_status; outputs are set only on ZREG_OK. Publish, populate,
 *     promote, cleanup, sync and verify, which may have done half of their work, tell of it beside an error too.
 *   - The error parameter may be NULL. It is the caller's memory and needs no freeing.
 *   - An object given out through `**out` is the caller's and has a matching `_free`, which
 *     accepts NULL. They may be freed in any order, clients before their streams and tokens before
 *     who holds them: what is still needed stays. A pointer from a getter lives as long as the
 *     object it was asked of.
 *   - An options struct starts with its own size and zero means default everywhere: write
 *     `zreg_copy_options o = ZREG_OPTIONS(zreg_copy_options);`. A NULL options pointer means all
 *     defaults. A field that an older library does not know is refused once it is set.
 *   - A struct that the library gives out grows at its end alone. A field that is newer than the
 *     library that runs (zreg_version_number) is not there to be read.
 *   - Lists of strings are arrays that end with NULL; a NULL list is an empty list.
 *   - A client, a server and a cancel token may be used from many threads at once. Values and
 *     results never change once they are given out, so many threads may read them. A stream is for
 *     one thread at a time. An object is freed when no other thread is inside a call with it.
 *   - After fork() a server, client, stream or cancel token belongs to the process that made it. A
 *     child may only free it, which leaves the parent's connections, threads and files alone, and
 *     of memory gives back what it safely can; every other call on it fails with ZREG_INVAL.
 *     References, manifests and results are memory alone: the child may use them.
 *   - Every call that waits takes a cancel token, which may be NULL, and returns ZREG_CANCELLED
 *     within 100 ms of its triggering, or ZREG_TIMEOUT of its deadline (zreg_cancel_after).
 *   - The library never prints, exits, aborts, installs signal handlers, or changes the locale or
 *     the environment.
 */
#ifndef ZREG_H
#define ZREG_H

#include <zreg/artifact.h>
#include <zreg/blob.h>
#include <zreg/cancel.h>
#include <zreg/cleanup.h>
#include <zreg/client.h>
#include <zreg/common.h>
#include <zreg/copy.h>
#include <zreg/digest.h>
#include <zreg/export.h>
#include <zreg/gate.h>
#include <zreg/login.h>
#include <zreg/manifest.h>
#include <zreg/node.h>
#include <zreg/populate.h>
#include <zreg/promote.h>
#include <zreg/provenance.h>
#include <zreg/ref.h>
#include <zreg/referrers.h>
#include <zreg/resolve.h>
#include <zreg/server.h>
#include <zreg/server_options.h>
#include <zreg/sync.h>
#include <zreg/verify.h>
#include <zreg/version.h>
#include <zreg/zuul.h>

#endif
