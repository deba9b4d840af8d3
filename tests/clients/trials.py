# SPDX-License-Identifier: Apache-2.0
"""What a client is asked to do, verb by verb, and the table of what came of it: "ok", "again" for a cut transfer that
the client has to be asked for twice, "-" for what it does not do."""

from sites import TAG, engines, ground, tap
import clients
from cutter import Cutter

CUT_AT = 1 << 20  # bytes

# A verb and the methods that a client needs for it.
VERBS = {"login": ("login",), "push": ("push",), "pull": ("pull",), "push big": ("push",), "pull big": ("pull",),
         "push all": ("push",), "pull all": ("pull",), "tags": ("tags",), "copy": ("copy",), "copy one": ("copy_one",),
         "mount": ("mount",), "referrers": ("attach", "referrers"), "delete tag": ("delete_tag",),
         "delete": ("delete",), "cut push": ("push",), "cut pull": ("pull",)}


def enter(client, site):
    client.trust(site)
    if site.user:
        client.login(site)


def equal(found, wanted):
    assert found == wanted, f"{found}, not {wanted}"


class Trial:
    """One client at one site, and a repository of its own there."""

    def __init__(self, made, client, site):
        self.made, self.client, self.site = made, client, site
        enter(client, site)

    def own(self, name, tag=TAG):
        return f"{self.client.program}/{name}:{tag}"

    def shows(self, name):
        return self.site.shows(name)[self.client.shows]

    def login(self):
        """With a wrong password one gets nothing, though some programs notice it only then."""
        name = self.client.something(self.site, self.made.one)
        wrong = self.site.at(self.site.address)
        wrong.password = "wrong"
        try:
            self.client.login(wrong)
            self.client.pull(wrong, name)
        except engines.Failure:
            self.client.login(self.site)
            self.pull()
            return
        raise AssertionError("a wrong password is let in")

    def push(self, site=None, image=None, name="pushed"):
        digest = self.client.push(site or self.site, image or self.made.one, self.own(name))
        equal(self.shows(self.own(name)), digest)

    def pull(self, site=None, image=None):
        name = self.client.something(self.site, image or self.made.one)
        equal(self.client.pull(site or self.site, name), self.shows(name))

    def push_big(self):
        self.push(image=self.made.big, name="pushed-big")

    def pull_big(self):
        self.pull(image=self.made.big)

    def push_all(self):
        self.push(image=self.made.both, name="pushed-all")

    def pull_all(self):
        self.pull(image=self.made.both)

    def tags(self):
        for tag in "a", "b":
            self.site.holds(self.made.one, self.own("tags", tag))
        equal(sorted(self.client.tags(self.site, f"{self.client.program}/tags")), ["a", "b"])

    def copy(self):
        source = self.site.holds(self.made.both)
        self.client.copy(self.site, source, self.own("copied"))
        listed = [platform["digest"] for platform in self.site.children(self.own("copied"))]
        equal(listed, [platform["digest"] for platform in self.site.children(source)])

    def copy_one(self):
        source = self.site.holds(self.made.both)
        self.client.copy_one(self.site, source, self.own("copied-one"))
        (wanted,) = [entry["digest"] for entry in self.site.children(source) if entry["platform"] == clients.ARM]
        equal(self.site.shows(self.own("copied-one"))["digest"], wanted)

    def mount(self):
        source, before = self.site.holds(self.made.one), len(self.site.registry.requests())
        self.client.mount(self.site, source, self.own("mounted"))
        assert self.site.mounted(before, f"{self.client.program}/mounted"), "nothing was mounted"
        equal(self.shows(self.own("mounted")), self.shows(source))

    def referrers(self):
        subject = self.site.holds(self.made.one, self.own("subject"))
        self.client.attach(self.site, subject, "a note")
        equal(self.client.referrers(self.site, subject), [clients.ARTIFACT])

    def delete_tag(self):
        gone, kept = (self.site.holds(self.made.one, self.own("tagged", tag)) for tag in ("gone", "kept"))
        self.client.delete_tag(self.site, gone)
        assert not self.site.has(gone) and self.site.has(kept)

    def delete(self):
        name = self.site.holds(self.made.one, self.own("deleted"))
        self.client.delete(self.site, f"{name.partition(':')[0]}@{self.made.one.digest}")
        assert not self.site.has(name)

    def cut(self, way, transfer, verb, image):
        """Gives "again" when the client gave up on the cut, and was asked a second time."""
        cutter = Cutter(self.site.address)
        site = self.site.at(cutter.address)
        enter(self.client, site)
        cutter.cut(way, CUT_AT)
        try:
            transfer(site=site, image=image)
            return "ok"
        except engines.Failure:
            assert verb in self.client.again, "it gives up"
            transfer(site=site, image=image)
            return "again"
        finally:
            cutter.close()
            assert cutter.cuts == 1, "nothing was cut"

    def cut_push(self):
        image = self.made.new_big(f"cut-{self.client.program}-{'tls' if self.site.tls else 'plain'}")
        return self.cut("up", self.push, "cut push", image)

    def cut_pull(self):
        return self.cut("down", self.pull, "cut pull", self.made.big)


def can(kind, verb):
    keeps_all = kind.shows == "digest" or verb not in ("push all", "pull all")
    return keeps_all and all(getattr(kind, method, None) for method in VERBS[verb])


class Table:
    """Collects trials, and afterwards shows a row for each client at each site."""

    def __init__(self, made):
        self.made, self.tests, self.rows = made, [], {}

    def add(self, title, site_of, kinds, verbs):
        """Each of these clients with each of these verbs that it has, at a site that is made when it is needed."""
        for kind in kinds:
            cells = self.rows.setdefault(title, (verbs, {}))[1].setdefault(kind.program, {})
            self.tests += [(f"test_{title}: {kind.program}: {verb}", self.trial(cells, site_of, kind, verb))
                           for verb in verbs if can(kind, verb)]

    def trial(self, cells, site_of, kind, verb):
        def run():
            cells[verb] = "FAIL"
            try:
                told = getattr(Trial(self.made, self.made.client(kind), site_of()), verb.replace(" ", "_"))()
            except tap.Skip:
                cells[verb] = "skip"
                raise
            cells[verb] = told or "ok"
        return run

    def show(self):
        for title, (verbs, rows) in self.rows.items():
            if not any(rows.values()):
                continue
            print(f"# {title}\n#   {'':8}" + "".join(f"{verb:>11}" for verb in verbs))
            for program, cells in rows.items():
                print(f"#   {program:8}" + "".join(f"{cells.get(verb, '-'):>11}" for verb in verbs))


def main(add_trials):
    """Runs what `add_trials(made, table)` adds; one skip with its reason where there can be no machine."""
    try:
        with ground() as made:
            table = Table(made)
            add_trials(made, table)
            failed = tap.run(table.tests)
            table.show()
    except tap.Skip as reason:
        print(f"1..1\nok 1 - clients # SKIP {reason}")
        return
    raise SystemExit(1 if failed else 0)
