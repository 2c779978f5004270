"""What tests do with a forge, whether it is the double or a real server behind a relay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .faults import Kind
    from .server import Seen


class ForgeHandle:
    """Its address and token, what goes wrong with it, and what it was asked."""

    url: str
    """The forge's address."""
    token: str
    """The bot's token."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.faults: list[Fault] = []
        self.requests: list[Seen] = []
        """Every request to the API, in order; not those of git."""
        self.git_requests: list[Seen] = []

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            assert not self.violations, "\n".join(self.violations)

    def clone_url(self, name: str) -> str:
        """Return where git finds a repository; the token is the password, whatever the user's name."""
        return f"{self.url}/{name}.git"

    def environment(self) -> dict[str, str]:
        """Return an environment in which the bot has the forge's token."""
        return {"PINNER_TOKEN": self.token}

    def inject(self, kind: Kind, **where: Any) -> Fault:
        """Have something go wrong: see `Fault`; its ``done`` counts how often it has."""
        fault = Fault(kind, **where)
        self.faults.append(fault)
        return fault

    @property
    def writes(self) -> list[Seen]:
        """The requests that would change something."""
        return [seen for seen in self.requests if seen.is_write]

    def forget(self) -> None:
        """Start the lists of requests anew."""
        self.requests.clear()
        self.git_requests.clear()


def contents_of(files: Mapping[str, bytes | str | None]) -> dict[str, bytes | None]:
    """Return the bytes of ``files``; None is one that goes."""
    return {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
