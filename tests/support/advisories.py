"""Serve the service of which `pip-audit` requests known vulnerabilities."""

import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path

from pip_audit._service import pypi

from demo.replica import Answer, Replica, Request, Site

#: Host of the service.
(HOST,) = set(re.findall(r"https://([^/]+)/pypi/", inspect.getsource(pypi)))


def site(known: Mapping[str, str]) -> Site:
    """Return a site with answers for every release of every package.

    :param known: package → name of its one known vulnerability; may change.
    """

    def answer(request: Request) -> Answer:
        package = request.path.split("/")[2]
        found = [
            {"id": known[package], "aliases": [], "summary": "made up", "fixed_in": []}
            for _ in range(package in known)
        ]
        return Answer(200, json.dumps({"vulnerabilities": found}).encode())

    return answer


def environment(replica: Replica, cache: Path) -> Mapping[str, str]:
    """Return the environment variables with which `pip-audit` uses this service."""
    certificate = replica.environment["SSL_CERT_FILE"]
    return {
        **replica.environment,
        "REQUESTS_CA_BUNDLE": certificate,
        "CURL_CA_BUNDLE": certificate,
        "PIP_CACHE_DIR": str(cache),
    }
