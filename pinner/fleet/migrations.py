"""Schema of the fleet's store, as migrations from the first version on.

The SQL is what SQLite (3.35) and PostgreSQL both understand; ``{id}`` is each one's own column of numbers. Times are
seconds since the epoch, so that both keep the same. A migration is never changed once it is released: another follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.errors import PinnerError

if TYPE_CHECKING:
    from pinner.fleet.database import Session

_FIRST = (
    """create table repository (
        id {id}, forge text not null, name text not null, read_head text, read_by text,
        pushed_at double precision, facts text, due_at double precision, wished_at double precision,
        reason text not null, priority integer not null, failures integer not null default 0,
        outcome text, told text, seen_to_at double precision, gone_at double precision,
        unique (forge, name))""",
    "create index repository_due on repository (due_at, priority)",
    """create table image (
        id {id}, name text not null unique, digest text, media_type text,
        changed_at double precision, settled_at double precision,
        moves integer not null default 0, pending integer not null default 0,
        ask_at double precision not null, failures integer not null default 0,
        signed integer, note text)""",
    "create index image_ask on image (ask_at)",
    "create index image_pending on image (pending, settled_at)",
    """create table mention (
        repository bigint not null, path text not null, line integer not null, image text not null, digest text,
        primary key (repository, path, line, image))""",
    "create index mention_image on mention (image, digest)",
    "create index mention_digest on mention (digest)",
    """create table pull (
        repository bigint not null, branch text not null, number integer not null, state text not null,
        url text, opened_at double precision not null,
        primary key (repository, branch))""",
    """create table pace (
        host text not null, token_id text not null, "window" text not null, at double precision not null,
        primary key (host, token_id, "window"))""",
    "create table answer (key text primary key, body text, at double precision not null)",
    """create table event (
        id {id}, at double precision not null, source text not null, delivery text not null, what text not null,
        unique (source, delivery))""",
    "create index event_at on event (at)",
    "create table mark (name text primary key, at double precision not null)",
    """create table total (
        at double precision primary key, repositories integer not null, mentions integer not null,
        pinned integer not null, behind integer not null, signed integer not null, pulls integer not null)""",
)
MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
"""What leads from each version to the next: the first from nothing to version 1."""


class SchemaError(PinnerError):
    """The store is of a pinner that this one does not know."""


def version_of(session: Session) -> int:
    """Return the version of the schema; 0 where there is none."""
    if not session.has_table("schema_version"):
        return 0
    return int(session.execute("select max(version) from schema_version")[0][0] or 0)


def migrate(session: Session) -> int:
    """Bring the schema to the newest version, within the caller's transaction; return the version that it was.

    Raises `SchemaError` where it is newer than this pinner.
    """
    session.alone("pinner schema")
    before = version_of(session)
    check_version(before)
    if before == 0 and not session.has_table("schema_version"):
        session.execute("create table schema_version (version integer primary key)")
    for number, statements in enumerate(MIGRATIONS[before:], before + 1):
        for statement in statements:
            session.execute(statement.replace("{id}", session.id_column))
        session.execute("insert into schema_version (version) values (?)", (number,))
    return before


def check_version(version: int) -> None:
    """Raise `SchemaError` where ``version`` is newer than this pinner."""
    if version > len(MIGRATIONS):
        raise SchemaError(
            f"the store is of version {version}, and this pinner knows {len(MIGRATIONS)}",
            hint="a newer pinner has been here: update this one",
        )
