"""A GitHub App's side of the double: it proves who it is by a signature, and gets tokens that end."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .face import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .face import Call
    from .state import State

APP_ID, LIFE = "4711", 3600
NOT_FOUND = {"message": "Not Found", "documentation_url": "https://docs.github.com/rest"}


@cache
def app_key() -> rsa.RSAPrivateKey:
    """Return the App's private key, made once a run of tests."""
    return rsa.generate_private_key(65537, 2048)


def app_pem() -> bytes:
    """Return it as GitHub gives it to people."""
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return app_key().private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


class AppDouble:
    """An App that is installed for some owners, and what says until when each of its tokens is good."""

    def __init__(self, state: State, owners: Mapping[str, str]) -> None:
        """``owners`` are those that it is installed for, and whether they are ``orgs`` or ``users``."""
        self.state, self.owners = state, owners
        self.life = LIFE
        """Seconds that a token is good for."""
        self.made: list[str] = []
        """The owners that tokens were made for, in order."""

    def is_app(self, headers: Mapping[str, str]) -> bool:
        """Tell whether the App says who it is, now, and rightly."""
        said, _, signature = headers.get("Authorization", "").removeprefix("Bearer ").rpartition(".")
        if said.count(".") != 1:
            return False
        header, claims = (json.loads(_decoded(part)) for part in said.split("."))
        try:
            app_key().public_key().verify(_decoded(signature), said.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        now = self.state.wall()
        in_time = bool(claims["iat"] <= now < claims["exp"] <= claims["iat"] + 600)
        return in_time and (header, claims["iss"]) == ({"alg": "RS256", "typ": "JWT"}, APP_ID)

    def answer(self, call: Call) -> Answer | None:
        """Return what is said to an App; None where it is no question of an App's."""
        parts = call.path.strip("/").split("/")
        if call.method == "GET" and len(parts) == 3 and parts[2] == "installation":
            kind, owner = parts[:2]
            if self.owners.get(owner) != kind:
                return Answer(404, NOT_FOUND)
            return Answer(200, {"id": list(self.owners).index(owner) + 1, "account": {"login": owner}})
        if call.method == "POST" and parts[:2] == ["app", "installations"] and parts[3:] == ["access_tokens"]:
            self.made.append(list(self.owners)[int(parts[2]) - 1])
            self.state.token = f"ghs_installation{len(self.made)}"
            until = self.state.old_tokens[self.state.token] = self.state.wall() + self.life
            ends = datetime.fromtimestamp(until, UTC).isoformat().replace("+00:00", "Z") if self.life else None
            return Answer(201, {"token": self.state.token, "expires_at": ends, "permissions": {"contents": "write"}})
        return None


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
