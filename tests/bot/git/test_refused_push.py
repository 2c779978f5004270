"""What git says of a push that is refused: whether the token lacks the right, or something else stands in the way."""

from __future__ import annotations

import pytest

from pinner.bot.git.branches import is_forbidden


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"fatal: unable to access 'https://git.example/a.git/': The requested URL returned error: 403\n", True),
        (b"error: RPC failed; HTTP 403 curl 22\n", True),
        (b"remote: You are not allowed to push code to this project.\n", True),
        (b"fatal: Authentication failed for 'https://git.example/a.git/'\n", True),
        (
            b"To http://127.0.0.1:40312/a.git\n!\t4030403:refs/heads/x\t[remote rejected] (declined)\n",
            False,
        ),
        (b"remote: quota of 403 MB exceeded\n", False),
        (b"error: failed to push some refs to 'http://127.0.0.1:34031/a.git'\n", False),
    ],
)
def test_a_number_alone_is_no_refusal(said: bytes, *, expected: bool) -> None:
    assert is_forbidden(said) is expected
