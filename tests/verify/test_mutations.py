"""Good artefacts with one thing changed by seed: whatever either engine makes of them, nothing raises, nothing passes.

A change passes where it is of what is not signed: those are few, and listed here after each was looked at.
"""

from __future__ import annotations

import base64
import json
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from images import digest_of
from notarykit import Notary, Notation, signing_leaf
from signed import REPOSITORY
from signingkit import (
    IDENTITY,
    ISSUER,
    NOW,
    Sigstore,
    b64,
    ca,
    classic_annotations,
    classic_payload,
    drawn_from,
    keyless_bundle,
)

from pinner.config.verify import SignaturePolicy
from pinner.verify.cosign_tag import Layer, Wanted, verify_classic
from pinner.verify.docker_content_trust import UnsignedError, verify_dct
from pinner.verify.docker_content_trust import Wanted as WantedTag
from pinner.verify.notation import Stores, Subject, verify_notation
from pinner.verify.notation_trust_policy import CHECKS, Statement
from pinner.verify.sigstore_bundle import verify_bundle
from pinner.verify.trust import Trust
from pinner.verify.trusted_root import read_trusted_roots
from pinner.verify.verdict import Judged, judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from pinner.verify.verdict import Signer

DIGEST = digest_of(b"an image")
with drawn_from("mutations"):
    AT = Sigstore()
    TRUSTED_ROOT = json.dumps(AT.trusted_root()).encode()
    ROOT = ca("root", length=0)
    NOTATION = Notation((signing_leaf(ROOT), ROOT), DIGEST, 8)
    NOTARY = Notary(REPOSITORY, {"1.0": DIGEST})
    CLASSIC_PAYLOAD = classic_payload(REPOSITORY, DIGEST)
    SIGNED = {
        "Rekor 1": json.dumps(keyless_bundle(AT, DIGEST)).encode(),
        "Rekor 2": json.dumps(keyless_bundle(AT, DIGEST, version=2)).encode(),
        "classic": json.dumps(
            {"payload": b64(CLASSIC_PAYLOAD), **classic_annotations(AT.leaf(), CLASSIC_PAYLOAD, AT)}
        ).encode(),
        "JWS": NOTATION.jws(),
        "COSE": NOTATION.cose(),
        "DCT": json.dumps({role: data.decode() for role, data in NOTARY.documents().items()}).encode(),
    }
POLICY = SignaturePolicy("keyless", identity=IDENTITY, issuer=ISSUER)
TRUST = Trust(POLICY, (), read_trusted_roots(TRUSTED_ROOT))
STATEMENT = Statement(
    "acme", is_skip=False, actions=dict.fromkeys(CHECKS, "enforce"), stores=(("ca", "a"),), identities=None
)
STORES = Stores((ROOT.certificate,))
SUBJECT = Subject(DIGEST, 8, NOTATION.media_type)
WANTED = WantedTag(REPOSITORY, "1.0", DIGEST, (NOTARY.root_id,), 0, "https://notary.example")


def _bundle(data: bytes) -> Signer:
    return verify_bundle(data, DIGEST, TRUST, NOW.timestamp())


def _classic(data: bytes) -> Signer:
    values: dict[str, Any] = json.loads(data)
    layer = Layer(base64.b64decode(values["payload"]), values)
    return verify_classic(layer, Wanted(DIGEST, REPOSITORY), TRUST, NOW.timestamp())


def _jws(data: bytes) -> tuple[Signer, tuple[str, ...]]:
    return verify_notation((data, "application/jose+json"), SUBJECT, STATEMENT, STORES, _now(), {})


def _cose(data: bytes) -> tuple[Signer, tuple[str, ...]]:
    return verify_notation((data, "application/cose"), SUBJECT, STATEMENT, STORES, _now(), {})


def _now() -> datetime:
    return datetime.fromtimestamp(NOW.timestamp(), UTC)


def _dct(data: bytes) -> tuple[Signer, tuple[str, ...]]:
    documents: dict[str, bytes | None] = {
        role: text.encode("utf-8", "surrogateescape") for role, text in json.loads(data).items()
    }
    try:
        return verify_dct(documents, WANTED, _now())
    except UnsignedError:
        raise ValueError from None


ARTEFACTS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    name: (SIGNED[name], verify)
    for name, verify in {
        "Rekor 1": _bundle,
        "Rekor 2": _bundle,
        "classic": _classic,
        "JWS": _jws,
        "COSE": _cose,
        "DCT": _dct,
    }.items()
}
UNSIGNED = {
    # Under which name a log signs its checkpoint is not signed. Rekor 2 signs no index beside the tree's.
    # The chain beside a classic certificate is a help to find the way alone.
    "Rekor 1": ("verificationMaterial.tlogEntries.0.inclusionProof.checkpoint.envelope",),
    "Rekor 2": ("verificationMaterial.tlogEntries.0.logIndex",),
    "classic": ("dev.sigstore.cosign/chain",),
    "JWS": ("header.io.cncf.notary.signingAgent",),
    "COSE": (),
    "DCT": (),
}
ROUNDS = 100


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return every value in JSON by its path."""
    if isinstance(value, dict):
        return {key: one for name, inner in value.items() for key, one in leaves(inner, (*path, str(name))).items()}
    if isinstance(value, list):
        return {key: one for at, inner in enumerate(value) for key, one in leaves(inner, (*path, str(at))).items()}
    return {path: value}


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return ``data`` with one thing changed: a bit, some bytes gone, doubled or exchanged."""
    at, kind = chance.randrange(len(data)), chance.randrange(5)
    if kind == 0:
        return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]
    if kind == 1:
        return data[:at] + data[at + chance.randrange(1, 12) :]
    if kind == 2:
        return data[:at] + data[at : at + chance.randrange(1, 12)] + data[at:]
    if kind == 3:
        return data[:at] + bytes([chance.randrange(33, 127)]) + data[at + 1 :]
    return data[:at]


def changed_paths(before: bytes, after: bytes) -> set[str] | None:
    """Return where two pieces of JSON differ; None where one is none."""
    try:
        one, other = leaves(json.loads(before)), leaves(json.loads(after))
    except ValueError:
        return None
    # A member under another name is one that is gone: nobody asks for it.
    return {".".join(path) for path in one if one[path] != other.get(path)}


def accepted(name: str, rounds: int, seed: int = 1) -> list[tuple[bytes, set[str] | None]]:
    """Return the changed artefacts that are accepted, and where they are changed."""
    data, verify = ARTEFACTS[name]
    chance = random.Random(f"{name} {seed}")  # noqa: S311 - the same in every run
    found = []
    for _ in range(rounds):
        other = mutated(data, chance)
        if other == data:
            continue
        judged = judge("test", "", lambda other=other: verify(other))  # type: ignore[misc] # bound at once
        assert isinstance(judged, Judged)
        assert judged.signer is not None or judged.reasons or judged.is_untold
        if judged.signer is not None:
            found.append((other, changed_paths(data, other)))
    return found


@pytest.mark.parametrize("name", ARTEFACTS)
def test_the_artefact_itself_is_accepted(name: str) -> None:
    data, verify = ARTEFACTS[name]
    assert judge("test", "", lambda: verify(data)).signer is not None


@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize("name", ARTEFACTS)
def test_no_change_of_what_is_signed_is_accepted(name: str, part: int) -> None:
    for other, paths in accepted(name, ROUNDS, part):
        assert paths is not None, other
        assert all(path.startswith(UNSIGNED[name]) for path in paths), (paths, other)


if __name__ == "__main__":
    import sys

    total = 0
    for name_ in ARTEFACTS:
        kept = accepted(name_, int(sys.argv[1]), 99)
        total += len(kept)
        print(name_, len(kept), sorted({str(sorted(paths or {"?"})) for _, paths in kept}))  # noqa: T201
    print("accepted", total)  # noqa: T201
