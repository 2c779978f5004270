"""A forge for tests: GitHub, GitLab or Gitea in small, with state, over real git repositories served over HTTP.

::

    with ForgeDouble(tmp_path, face="github") as forge:
        forge.add_repository("acme/app", {"Dockerfile": b"FROM nginx\\n"})
        forge.url, forge.clone_url("acme/app"), forge.environment()
        forge.inject("secondary", path="pulls", times=1)
        forge.requests, forge.writes, forge.state

Every request and every answer is checked against what the forge publishes about its API; what breaks it is in
``forge.violations``, and leaving the ``with`` block asserts that there is nothing.
"""

from __future__ import annotations

from .double import ForgeDouble
from .faults import Fault
from .server import Seen
from .state import Pull, Stored

__all__ = ["Fault", "ForgeDouble", "Pull", "Seen", "Stored"]
