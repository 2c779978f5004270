"""Page of a repository's images: counts, ages, registries, folders, rules, platforms, signers, every image."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pinner.model import Occurrence
from pinner.report.html import (
    NOTHING,
    Breakdown,
    Cell,
    Column,
    Part,
    Row,
    Section,
    Table,
    Tile,
    badge,
    breakdown,
    code,
    details,
    joined,
    link,
    listing,
    page,
    table,
    tag,
    tiles,
)
from pinner.report.overview import AGES, STATES, age_class, count_by_state, in_place_counts
from pinner.report.summary_sentences import count
from pinner.rules import BY_ID, SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from pinner.report.html import Markup
    from pinner.report.html.elements import Content, Kind
    from pinner.report.overview import Meaning, Overview, Seen, State, UsedImage

KINDS: Mapping[State, Kind] = {
    "pinned": "good",
    "to pin": "bad",
    "to mend": "unsure",
    "unknown": "open",
    "left alone": "quiet",
}
_STATE_PARTS = tuple(Part(state.capitalize(), KINDS[state]) for state in STATES)
_SEVERITY_KINDS: Mapping[str, Kind] = {"error": "bad", "warning": "unsure", "note": "quiet"}
_NOWHERE = "not told"
_DEEPEST = 2
"""So many folders deep places are counted."""


def render_page(shown: Overview, name: str, version: str) -> str:
    """Return the page of the repository called ``name``, made by this ``version`` of pinner."""
    asked = "registries asked" if shown.is_online else "no registry asked"
    subtitle = f"{shown.today.isoformat()} · {count(shown.files, 'file')} · {asked} · pinner {version}"
    sections = (
        Section("overview", "Overview", (_tiles(shown),)),
        Section("images-by-age", "Age", _ages(shown)),
        Section("where", "Where", (_registries(shown), _folders(shown))),
        Section("rules", "Rules", (_rules(shown),)),
        Section("platforms-and-signers", "Platforms and signers", (_platforms_and_signers(shown),)),
        Section("all-images", "Images", (_images(shown),)),
        *_unread(shown),
    )
    return page(f"Images of {name}", subtitle, sections)


def _tiles(shown: Overview) -> Markup:
    counts = count_by_state(shown.images)
    places = Counter(seen.state for image in shown.images for seen in image.places)
    made = [Tile("Images", len(shown.images), "plain", f"in {count(places.total(), 'place')}")]
    notes: Mapping[State, str] = {
        "pinned": "held to a digest",
        "to pin": "a tag alone",
        "to mend": "cannot be pinned as written",
        "unknown": "decided outside of the repository",
        "left alone": "on purpose",
    }
    made += [
        Tile(state.capitalize(), counts[state], KINDS[state] if counts[state] else "plain", notes[state])
        for state in STATES
    ]
    stale = sum(image.is_stale is True for image in shown.images)
    told = shown.is_online or any(image.history for image in shown.images)
    made.append(Tile("Stale", stale if told else "?", "unsure" if stale else "plain", _stale_note(shown, told=told)))
    return tiles(made)


def _stale_note(shown: Overview, *, told: bool) -> str:
    if shown.is_online:
        return "the tag means another digest by now"
    return "as far as pinner.lock knows" if told else "ask with --online"


def _ages(shown: Overview) -> tuple[Content, ...]:
    pinned = [image for image in shown.images if image.state == "pinned"]
    parts = (Part("Current", "good"), Part("Stale", "unsure"), Part("Not asked", "quiet"))
    if all(image.dated is None for image in pinned):
        return (tag("p", "No age is known: pinner.lock has them, and the registries with --online."),)
    counts = [[0, 0, 0] for _ in (*AGES, None)]
    for image in pinned:
        number = age_class(image, shown.today)
        counts[len(AGES) if number is None else number][_standing(image)] += 1
    rows = [(Cell(label, number), count_) for number, (label, count_) in enumerate(zip(_labels(), counts, strict=True))]
    explained = (
        "From the day an image was built, or where nobody says when, from the day pinner first saw its digest. "
        "Only images that are held to a digest have an age."
    )
    made = Breakdown("ages", "How old the images are that are held to a digest", "Age", parts, rows)
    return tag("p", explained, class_="note"), breakdown(made)


def _labels() -> tuple[str, ...]:
    return (*(label for label, _ in AGES), "not known")


def _standing(image: UsedImage) -> int:
    return 2 if image.is_stale is None else int(image.is_stale)


def _registries(shown: Overview) -> Markup:
    counts = in_place_counts(
        (image.registry or _NOWHERE, seen.state) for image in shown.images for seen in image.places
    )
    return _by_state("registries", "Places by registry", "Registry", counts)


def _folders(shown: Overview) -> Markup:
    counts = in_place_counts((folder_of(seen.path), seen.state) for image in shown.images for seen in image.places)
    return _by_state("folders", "Places by folder", "Folder", counts)


def folder_of(path: str) -> str:
    """Return the first two folders of ``path``; a dot for none."""
    return "/".join(path.split("/")[:-1][:_DEEPEST]) or "."


def _by_state(name: str, caption: str, by: str, counts: Mapping[str, Mapping[State, int]]) -> Markup:
    rows = [(label, [numbers[state] for state in STATES]) for label, numbers in counts.items()]
    return breakdown(Breakdown(name, caption, by, _STATE_PARTS, rows))


def _rules(shown: Overview) -> Markup:
    severities = tuple(reversed(SEVERITIES))
    parts = [Part(f"{severity.capitalize()}s", _SEVERITY_KINDS[severity]) for severity in severities]
    counts: dict[str, dict[str, int]] = {}
    for finding in shown.findings:
        counts.setdefault(finding.rule.id, dict.fromkeys(severities, 0))[finding.severity] += 1
    if not counts:
        return tag("p", "No rule is broken.")
    rows = [
        (Cell(joined((link(id_, BY_ID[id_].page), f" {BY_ID[id_].name}")), id_), [*numbers.values()])
        for id_, numbers in sorted(counts.items())
    ]
    return breakdown(Breakdown("rules-broken", "Findings by rule", "Rule", parts, rows))


def _platforms_and_signers(shown: Overview) -> Markup:
    platforms = Counter(platform for image in shown.images for platform in image.platforms)
    signers = Counter(signer_of(image) for image in shown.images if image.state == "pinned")
    made = (
        _counter("platforms", "Images by platform", "Platform", platforms)
        if platforms
        else tag("p", "No platform is known: pinner.lock has them, and --online with required platforms.")
    )
    more = _counter("signers", "Held images by signer", "Signer", signers) if signers else NOTHING
    return tag("div", made, more, class_="columns")


def signer_of(image: UsedImage) -> str:
    """Return who signed ``image``, in a few words."""
    signature = image.signature
    if signature is None:
        return "not known"
    issuer = f" ({signature.issuer})" if signature.issuer else ""
    return f"{signature.by}: {signature.signer}{issuer}"


def _counter(name: str, caption: str, by: str, counts: Mapping[str, int]) -> Markup:
    rows = [(label, (number,)) for label, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return breakdown(Breakdown(name, caption, by, (Part("Images", "good"),), rows))


def _images(shown: Overview) -> Markup:
    columns = (
        Column("Image"),
        Column("State"),
        Column("Digest"),
        Column("Tag now"),
        Column("Age in days", is_number=True),
        Column("Platforms", is_number=True),
        Column("Signed by"),
        Column("Places", is_number=True),
    )
    rows = [_image_row(image, shown.today) for image in shown.images]
    return table(Table("images", "Every image", columns, rows, has_search=True, states=STATES))


def _image_row(image: UsedImage, today: date) -> Row:
    age = None if image.dated is None else (today - image.dated).days
    digest = NOTHING if image.digest is None else tag("code", f"{image.digest.hex[:12]}…", title=str(image.digest))
    signed = "" if image.signature is None else image.signature.by
    name = image.name or f"an image that is not told ({image.reason})"
    cells = (
        Cell(details(code(name), *_about(image)), name),
        Cell(badge(image.state, KINDS[image.state]), STATES.index(image.state)),
        Cell(digest, str(image.digest or "") or None),
        Cell(_tag_now(image), _standing(image)),
        Cell("" if age is None else age, age),
        Cell(len(image.platforms) or "", len(image.platforms) or None),
        signed,
        len(image.places),
    )
    return Row(cells, image.state)


def _tag_now(image: UsedImage) -> Content:
    if image.is_stale:
        return badge("stale", "unsure")
    if image.is_stale is False:
        return badge("current", "good")
    return "" if image.current is None else code(f"{image.current.hex[:12]}…")


def _about(image: UsedImage) -> Iterator[Markup]:
    if image.digest is not None:
        yield tag("p", code(str(image.digest)))
    if image.current is not None and image.current != image.digest:
        since = f", since {image.history[-1].since.isoformat()}" if len(image.history) > 1 else ""
        yield tag("p", "The tag means now: ", code(str(image.current)), since)
    if image.refusal is not None:
        yield tag("p", "No answer: ", image.refusal)
    yield tag("h3", "Places")
    yield listing(map(_place, image.places))
    if image.platforms:
        yield tag("h3", "Platforms")
        yield listing(map(code, image.platforms))
    if image.signature is not None:
        yield tag("h3", "Signature")
        yield listing(_signature(image))
    if image.history:
        yield tag("h3", "History in pinner.lock")
        yield listing(map(_meaning, image.history))


def _place(seen: Seen) -> Markup:
    place = seen.place
    where = f"{seen.path}:{place.line}:{place.column}"
    written = str(place.reference.familiar) if isinstance(place, Occurrence) else place.detail
    owner = f", {place.owner}" if place.owner else ""
    rules = f" [{', '.join(seen.rules)}]" if seen.rules else ""
    return joined((code(where), f" {place.format} {place.kind}{owner}: {written}{rules}"))


def _signature(image: UsedImage) -> Iterable[Content]:
    signature = image.signature
    if signature is not None:
        yield signer_of(image)
        yield joined(("signs ", code(signature.subject)))
        if signature.signed_at:
            yield f"signed at {signature.signed_at}"
        if signature.log:
            yield f"in the log {signature.log[0]}, entry {signature.log[1]}"


def _meaning(one: Meaning) -> Markup:
    held = " (held)" if one.is_held else ""
    built = f", built {one.built.isoformat()}" if one.built else ""
    version = f", version {one.version}" if one.version else ""
    revision = f", revision {one.revision}" if one.revision else ""
    source = joined((", ", link(one.source, one.source))) if one.source else NOTHING
    return joined((f"{one.since.isoformat()} ", code(str(one.digest)), held, built, version, revision, source))


def _unread(shown: Overview) -> Iterator[Section]:
    if shown.unreadable:
        lines = (joined((code(file.path), f": {file.error.message}")) for file in shown.unreadable)
        yield Section("not-read", "Not read", (listing(lines),))
