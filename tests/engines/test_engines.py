# SPDX-License-Identifier: Apache-2.0
"""Every engine, unmodified, before, during and after `zreg use-buildset-registry`."""

from clients import BUILDERS, CLIENTS, PUSHERS, RUNNERS
from world import main

SPECULATIVE = {"docker.io/acme/app": "acme/app", "docker.io/library/base": "library/base",
               "quay.io/acme/tool": "quay.io/acme/tool"}
FALLING_BACK = {"docker.io/acme/plain": "docker.io", "quay.io/acme/plain": "quay.io"}


def names_for(client, names):
    return [name for name in names if client.quay or name.startswith("docker.io/")]


def expect(w, client, name, word):
    digest = client.pull(name)
    assert digest == w.digests[word], f"{name}: {digest} is not the {word} one of {w.digests}"


def pulls_speculative_images(w, class_):
    """By their ordinary names, and from the buildset registry: its log has the requests."""
    with w.in_use(), class_(w.machine) as client:
        for name in names_for(client, SPECULATIVE):
            w.buildset.forget()
            expect(w, client, name, "speculative")
            assert SPECULATIVE[name] in w.buildset.manifests(), w.buildset.manifests()


def falls_back_to_the_original(w, class_):
    """What the buildset registry does not have comes from where it always came from."""
    with w.in_use(), class_(w.machine) as client:
        for name in names_for(client, FALLING_BACK):
            original = w.originals[FALLING_BACK[name]]
            original.forget()
            expect(w, client, name, "original")
            assert "acme/plain" in original.manifests(), original.manifests()
            assert w.buildset.was_asked_for("acme/plain"), "the buildset registry was not asked"


def follows_while_it_runs(w, class_):
    """Told and untold at once, by what the verb says is needed; every file too is as before."""
    with class_(w.machine) as client:
        name = names_for(client, SPECULATIVE)[-1]
        expect(w, client, name, "original")
        with w.in_use(running=client):
            expect(w, client, name, "speculative")
        w.buildset.forget()
        expect(w, client, name, "original")
        assert not w.buildset.log.read_text(), "the buildset registry was asked"


def pushes_with_the_credentials_given(w, class_):
    """By the registry's name for engines, and without a login."""
    with w.in_use(), class_(w.machine) as client:
        client.pull("docker.io/acme/app")
        client.push("docker.io/acme/app", f"{w.authority}/acme/{client.program}:latest")
        assert w.config_of(f"acme/{client.program}:latest") == w.config_of("acme/app:latest")


def builds_on_a_speculative_image(w, class_):
    folder = w.machine.folder / "tmp/context"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text("FROM docker.io/acme/app\nCOPY Dockerfile /etc/\n")
    with w.in_use(), class_(w.machine) as client:
        word = client.build(folder)
        assert word == "speculative", word


def runs_a_speculative_image(w, class_):
    with w.in_use(), class_(w.machine) as client:
        word = client.run("docker.io/acme/app")
        assert word == "speculative", word


def add_tests(clients, *bodies):
    for name, class_ in clients.items():
        for body in bodies:
            globals()[f"test_{name}_{body.__name__}"] = case(body, class_)


def case(body, class_):
    return lambda shared: body(shared.world(), class_)


add_tests(CLIENTS, pulls_speculative_images, falls_back_to_the_original,
          follows_while_it_runs)
add_tests(BUILDERS, builds_on_a_speculative_image)
add_tests(RUNNERS, runs_a_speculative_image)
add_tests(PUSHERS, pushes_with_the_credentials_given)

if __name__ == "__main__":
    main(__name__)
