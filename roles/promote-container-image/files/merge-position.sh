#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints where a commit stands in the order of merging: the length of the branch's own history, first parents
# only, up to the commit with which it came to the branch. Prints nothing when it is not on the branch.
#
#     sh merge-position.sh COMMIT          in a checkout of the branch
commit=$1
git merge-base --is-ancestor "$commit" HEAD 2>/dev/null || exit 0
containing=$(git rev-list --ancestry-path "$commit..HEAD")
merge=$(git rev-list --first-parent HEAD "^$commit" | grep -Fx -e "$containing" | tail -n 1)
# A commit that was not merged, but stands in the line itself, is its own.
[ "$(git rev-list --first-parent HEAD | grep -Fxc "$commit")" = 0 ] || merge=$commit
git rev-list --first-parent --count "${merge:-$commit}"
