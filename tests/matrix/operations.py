# SPDX-License-Identifier: Apache-2.0
"""The operations, with fronts before the registry that they go to: what is there before, what is done, and what must
be there after."""

TAGS = ("a", "b", "c", "d", "e")


class Copy:
    """From one host to another."""

    def __init__(self, world, repository, size):
        self.world, self.repository, self.size, self.image = world, repository, size, world.images[size]

    def prepare(self):
        pass

    def words(self, source, target):
        return "copy", f"{source}/from/{self.size}:t", f"{target}/{self.repository}:t"

    def check(self, lines):
        self.world.registry.check(self.repository, "t", self.image)


class CopyAgain(Copy):
    """The blobs are there, the image is not."""

    def prepare(self):
        for data in self.image.blobs.values():
            self.world.registry.put_blob(self.repository, data)


class Mount(Copy):
    """From one repository to another of the same host."""

    def words(self, source, target):
        return "copy", f"{target}/from/{self.size}:t", f"{target}/{self.repository}:t"


class Tags(Copy):
    def prepare(self):
        for tag in TAGS:
            self.world.registry.put(self.repository, tag, self.world.images["tiny"])

    def words(self, source, target):
        return "tags", f"{target}/{self.repository}:x"

    def check(self, lines):
        assert lines == [*(f"TAG {tag}" for tag in TAGS), "OK"], lines


class Delete(Copy):
    """By digest."""

    def prepare(self):
        self.world.registry.put(self.repository, "t", self.world.images["tiny"])

    def words(self, source, target):
        return "delete", f"{target}/{self.repository}@{self.world.images['tiny'].digest()}"

    def check(self, lines):
        assert self.world.registry.manifest(self.repository, self.world.images["tiny"].digest()) is None


class DeleteTag(Delete):
    def words(self, source, target):
        return "delete-tag", f"{target}/{self.repository}:t"

    def check(self, lines):
        assert self.world.registry.manifest(self.repository, "t") is None
        assert self.world.registry.manifest(self.repository, self.world.images["tiny"].digest()), "all of it is gone"


class Promote(Copy):
    """Of an image with two tags."""

    def prepare(self):
        for tag in ("change_7_one", "change_7_two"):
            self.world.registry.put(self.repository, tag, self.image)

    def words(self, source, target):
        return "promote", f"{target}/{self.repository}", "7", "one", "two"

    def check(self, lines):
        assert lines == ["OK"], lines
        for tag in ("one", "two"):
            self.world.registry.check(self.repository, tag, self.image)
            assert self.world.registry.manifest(self.repository, f"change_7_{tag}") is None, f"change_7_{tag} is left"
