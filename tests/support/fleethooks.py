"""Hooks as their senders make and sign them."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

from pinner.fleet.webhooks import Hook

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRET = "s3cret-of-hooks"
PUSH = {
    "ref": "refs/heads/main",
    "repository": {"full_name": "acme/app"},
    "commits": [{"added": [], "modified": ["src/a.go", "deploy/Dockerfile"], "removed": []}],
}


def signed(sender: str, body: bytes, secret: str = SECRET) -> dict[str, str]:
    """Return the headers by which a sender signs."""
    mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "github": {"x-hub-signature-256": f"sha256={mark}"},
        "gitea": {"x-gitea-signature": mark},
        "gitlab": {"x-gitlab-token": secret},
        "harbor": {"authorization": secret},
        "acr": {"authorization": f"Bearer {secret}"},
        "artifactory": {"x-jfrog-event-auth": secret},
        "ecr": {"authorization": secret},
    }.get(sender, {})


def hook(sender: str, value: Any, headers: Mapping[str, str] | None = None, secret: str = SECRET) -> Hook:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Hook(sender, {**signed(sender, body, secret), **(headers or {})}, body, secret)
