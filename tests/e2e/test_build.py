# SPDX-License-Identifier: Apache-2.0
"""What is built of descriptors is taken by docker-registry, and read by skopeo as it was made."""

import json

from world import need, tap, world
from registries import DockerRegistry, ZregRegistry

SBOM = "application/spdx+json"


def put(client, zreg, repository, media_type, content):
    with client.create_blob(repository, size=len(content)) as blob:
        blob.write(content)
        return zreg.Descriptor(media_type, blob.commit(), len(content))


def store(w, client, zreg, repository):
    """An image, an SBOM that belongs to it, and an index of both, tagged "all"."""
    w.image(f"{repository}:one")
    image = client.manifest(f"{repository}:one")
    named = zreg.Descriptor(image.media_type, image.digest, len(image.data), "", zreg.Platform("linux", "amd64"))
    config = put(client, zreg, repository, "application/vnd.oci.empty.v1+json", b"{}")
    layer = put(client, zreg, repository, SBOM, b'{"spdxVersion": "SPDX-2.3"}')
    sbom = zreg.Manifest.build_image(config=config, items=[layer], artifact_type=SBOM, subject=named,
                                     annotations={"org.opencontainers.image.created": "2026-01-31T12:00:00Z"})
    client.put_manifest(f"{repository}@{sbom.digest}", sbom)
    index = zreg.Manifest.build_index(items=[named, zreg.Descriptor(sbom.media_type, sbom.digest, len(sbom.data), SBOM)])
    client.put_manifest(f"{repository}:all", index)
    return image, sbom, index


def list_by_tag(client, zreg, repository, image, sbom):
    """Where a registry keeps no lists of referrers, a tag has one: an index."""
    entry = zreg.Descriptor(sbom.media_type, sbom.digest, len(sbom.data), sbom.artifact_type, annotations=sbom.annotations)
    client.put_manifest(f"{repository}:{image.digest.replace(':', '-')}", zreg.Manifest.build_index(items=[entry]))


def case(registry_class, program):
    def run():
        try:
            import zreg
        except ImportError as missing:
            raise tap.Skip("this build has no module for Python") from missing
        need(program)
        need("skopeo")
        with world() as w:
            registry = w.start(registry_class)
            bundle = w.credentials.bundle
            trust = {"ca_file": str(bundle)} if bundle.stat().st_size else {}
            repository = f"{registry.address}/some/image"
            with zreg.Client(authfile=str(w.credentials.authfile), **trust) as client:
                image, sbom, index = store(w, client, zreg, repository)
                if registry_class is DockerRegistry:
                    list_by_tag(client, zreg, repository, image, sbom)
                [found] = client.referrers(f"{repository}:one")
                assert (found.digest, found.artifact_type) == (sbom.digest, SBOM)
                assert client.manifest(f"{repository}:all") == index
            for reference, made in ((":all", index), (f"@{sbom.digest}", sbom)):
                raw = w.run("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{repository}{reference}")
                assert raw.encode() == made.data, raw
            shown = json.loads(w.run("skopeo", "inspect", "--tls-verify=false", "--override-arch=amd64",
                                     f"docker://{repository}:all"))
            assert shown["Layers"] == [layer.digest for layer in image.layers], shown
    return run


test_docker_registry_takes_what_is_built = case(DockerRegistry, "docker-registry")
test_ours_takes_what_is_built = case(ZregRegistry, "zreg")

if __name__ == "__main__":
    tap.main(__name__)
