#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the project's own files, relative to its root: what git knows or would add. A release
# tarball has no git; there the list that `make dist` wrote is printed.
cd "$(dirname "$0")/.." || exit 1
if [ -e .git ]; then
    git -c safe.directory='*' ls-files --cached --others --exclude-standard
else
    cat build-aux/manifest
fi | while IFS= read -r file; do
    if [ -e "$file" ] || [ -L "$file" ]; then
        printf '%s\n' "$file"
    fi
done
