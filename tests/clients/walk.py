# SPDX-License-Identifier: Apache-2.0
"""A client that follows every address that a registry gives, and minds that none leads away from it."""

import http.client
import json
import re
import ssl
from base64 import b64encode
from urllib.parse import quote, urljoin, urlsplit

from layout import MANIFEST, digest_of


class Walker:
    """Speaks to the registry at an https URL."""

    def __init__(self, site, prefix):
        self.base = f"https://{site.address}{prefix}"
        self.tls = ssl.create_default_context(cafile=site.authority)
        self.credentials = "Basic " + b64encode(f"{site.user}:{site.password}".encode()).decode()
        self.token = None

    def ask(self, status, method, url, body=None, **headers):
        """Asks for an address, which may be a path from here; gives headers and body."""
        url = urljoin(self.base + "/v2/", url)
        assert url.startswith(self.base + "/"), f"{url} leads away from {self.base}"
        parts = urlsplit(url)
        if self.token:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
        connection = http.client.HTTPSConnection(parts.netloc, context=self.tls, timeout=60)
        connection.request(method, f"{parts.path}?{parts.query}", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        assert answer.status == status, f"{method} {url}: {answer.status} {text[:300]!r}"
        return answer.headers, text

    def log_in(self, scope):
        headers, _ = self.ask(401, "GET", "")
        realm, service = (re.search(rf'{key}="([^"]*)"', headers["WWW-Authenticate"])[1]
                          for key in ("realm", "service"))
        _, text = self.ask(200, "GET", f"{realm}?service={service}&scope={quote(scope)}",
                           Authorization=self.credentials)
        self.token = json.loads(text)["token"]

    def push_blob(self, repository, data):
        """In two pieces, from address to address; what is there then is at the last."""
        headers, _ = self.ask(202, "POST", f"{repository}/blobs/uploads/")
        half = len(data) // 2
        headers, _ = self.ask(202, "PATCH", headers["Location"], data[:half], **{"Content-Range": f"0-{half - 1}"})
        where = headers["Location"]
        headers, _ = self.ask(201, "PUT", f"{where}{'&' if '?' in where else '?'}digest={digest_of(data)}", data[half:])
        _, got = self.ask(200, "GET", headers["Location"])
        assert got == data
        return {"mediaType": "application/octet-stream", "digest": digest_of(data), "size": len(data)}


def walk(site, prefix):
    """Logs in, pushes an image under two tags, and turns the pages of their list."""
    walker = Walker(site, prefix)
    walker.log_in("repository:some/image:pull,push")
    config, layer = (walker.push_blob("some/image", data) for data in (b"{}  ", b"layer" * 1000))
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}).encode()
    for tag in "a", "b":
        headers, _ = walker.ask(201, "PUT", f"some/image/manifests/{tag}", manifest, **{"Content-Type": MANIFEST})
        assert walker.ask(200, "GET", headers["Location"], Accept=MANIFEST)[1] == manifest
    headers, first = walker.ask(200, "GET", "some/image/tags/list?n=1")
    _, second = walker.ask(200, "GET", re.match("<([^>]*)>", headers["Link"])[1])
    assert [json.loads(page)["tags"] for page in (first, second)] == [["a"], ["b"]]
