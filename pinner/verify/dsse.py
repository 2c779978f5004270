"""DSSE envelopes and in-toto statements.

Sources: secure-systems-lab/dsse protocol.md (PAE); in-toto Statement v0.1 and v1; cosign's BUNDLE_SPEC.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pinner.verify.strict_decoding import MalformedError, load_object
from pinner.verify.verdict import RefusedError

if TYPE_CHECKING:
    from pinner.verify.strict_decoding import Object

SIGNATURE_PREDICATE = "https://sigstore.dev/cosign/sign/v1"
_IN_TOTO = "application/vnd.in-toto+json"
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")


class Envelope(NamedTuple):
    """A payload and its one signature."""

    payload: bytes
    payload_type: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature is of: the pre-authentication encoding, lengths in ASCII decimal of bytes."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(self.payload), self.payload)


def read_envelope(envelope: Object) -> Envelope:
    """Return the envelope; raises `MalformedError` where it has not exactly one signature."""
    signatures = envelope.tables("signatures")
    if len(signatures) != 1:
        raise MalformedError(f"the envelope has {len(signatures)} signatures where it must have one")
    return Envelope(envelope.bytes("payload"), envelope.text("payloadType"), signatures[0].bytes("sig"))


def predicate_of(envelope: Envelope) -> str | None:
    """Return what an in-toto statement says it is about; None where the payload is no such statement."""
    if envelope.payload_type != _IN_TOTO:
        return None
    try:
        return load_object(envelope.payload, "the statement").text("predicateType")
    except MalformedError:
        return None


def check_statement(
    envelope: Envelope,
    digest: str,
    attestations: tuple[str, ...] = (),
    annotations: tuple[tuple[str, str], ...] = (),
) -> None:
    """Raise `RefusedError` unless the payload is a statement that signs ``digest`` (sha256:…), one of its subjects.

    ``attestations`` are the predicates that count besides cosign's own; ``annotations`` what that subject must carry,
    which is where cosign 3 puts ``sign -a`` (and does not ask for it).
    """
    if envelope.payload_type != _IN_TOTO:
        raise RefusedError("not-an-image-signature", "what is signed is no in-toto statement")
    statement = load_object(envelope.payload, "the statement")
    if statement.text("_type") not in _STATEMENTS:
        raise RefusedError("not-an-image-signature", "what is signed is no in-toto statement of a known version")
    predicate = statement.text("predicateType")
    if predicate not in (SIGNATURE_PREDICATE, *attestations):
        raise RefusedError("other-statement", f"it attests {predicate[:100]} and is no signature")
    wanted = digest.removeprefix("sha256:")
    digests = [(one, one.table("digest").members.get("sha256")) for one in statement.tables("subject")]
    mine = [one for one, found in digests if found == wanted]
    if not mine:
        other = next((found[:12] for _, found in digests if isinstance(found, str)), None)
        about = f"sha256:{other}…" if other else "something without a SHA-256"
        raise RefusedError("other-image", f"the statement is about {about}")
    for name, value in annotations:
        carried = [one.table("annotations").members.get(name) for one in mine if "annotations" in one]
        if value not in carried:
            found = next(iter(carried), None)
            raise RefusedError("wrong-annotation", f"its annotation {name} is {str(found)[:60]} and not {value}")
