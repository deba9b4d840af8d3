# SPDX-License-Identifier: Apache-2.0
"""Each client with each verb that it has, at `zreg serve`: plain to strangers, and by TLS to a user. What went through
is compared by digest both ways."""

import functools

import clients
from trials import VERBS, main

AT_A_PROXY = ("push big", "pull big")


def add_trials(made, table):
    verbs = [verb for verb in VERBS if verb not in AT_A_PROXY]
    plain = functools.cache(lambda: made.site(tls=False, login=False))
    table.add("plain", plain, clients.ALL, [verb for verb in verbs if verb != "login"])
    table.add("TLS", functools.cache(lambda: made.site(tls=True, login=True)), clients.ALL, verbs)


if __name__ == "__main__":
    main(add_trials)
