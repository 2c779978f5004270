"""Parts of a registry resolver that settings decide on: endpoints checked, layout, cache."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pinner.cache import cache_folder
from pinner.http.addresses import check_endpoint, endpoint_for
from pinner.http.connections import check_ca
from pinner.registry.cache import Cache
from pinner.registry.mirrors import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from pinner.config import Settings
    from pinner.http.library import httpx
    from pinner.http.retry import Clock
    from pinner.reference import ImageReference
    from pinner.registry.auth.credentials import CredentialFinder, Credentials

    _T = TypeVar("_T")

_LAYOUT_HINT = (
    "a layout names its images in full by the annotation org.opencontainers.image.ref.name: "
    "`skopeo copy --all docker://nginx:1.27 oci:FOLDER:docker.io/library/nginx:1.27`"
)


def check_places(settings: Settings) -> None:
    """Raise `ConfigError` for an endpoint or a file of authorities that is none."""
    for options in settings.registries.values():
        check_endpoint(options)
        if options.ca is not None:
            check_ca(options.ca)


def layout_of(settings: Settings) -> httpx.AsyncBaseTransport | None:
    """Return what answers from the layout of ``settings``; None where there is none."""
    if settings.layout is None:
        return None
    from pinner.registry.layout import LayoutTransport  # noqa: PLC0415 - only where there is a layout

    return LayoutTransport(settings.layout)


def cache_of(settings: Settings, environment: Mapping[str, str], clock: Clock) -> Cache | None:
    """Return what remembers answers; None where ``settings`` forbid it, or a layout needs none."""
    folder = cache_folder(environment) if settings.use_cache and settings.layout is None else None
    return None if folder is None else Cache(Path(folder), clock.wall)


def layout_source(layout: str, reference: ImageReference) -> Source:
    """Return the only place to ask where an OCI layout answers."""
    label = f"the OCI layout {layout}"
    endpoint = replace(endpoint_for(reference.domain, {}), label=label, missing=_LAYOUT_HINT, is_docker_hub=False)
    return Source(endpoint, reference.path)


async def remembered_for(
    cache: Cache | None,
    finder: CredentialFinder,
    source: Source,
    look: Callable[[Cache, Credentials | None], _T | None],
) -> _T | None:
    """Return what ``look`` finds that was sent to anybody, or to somebody with the credentials that we have."""
    if cache is None:
        return None
    found = look(cache, None)
    if found is None:
        credentials = await finder.find(source.endpoint.login, source.repository)
        found = None if credentials is None else look(cache, credentials)
    return found
