"""Rate limit queries that take nothing of the limit.

Source: Docker's "Pull usage and limits": a HEAD of ratelimitpreview/test tells and does not count. Other registries
that have a limit (GitLab, Artifactory) tell it with every answer, ``GET /v2/`` among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.errors import InvalidReferenceError, NotFoundError, ResolveError
from pinner.http.client import Call
from pinner.http.errors import reply_error, safe_text
from pinner.oci.manifests import ACCEPT, MAX_MANIFEST
from pinner.oci.resolver import Allowance
from pinner.reference import DOCKER_HUB, ImageReference

if TYPE_CHECKING:
    from pinner.http.rate_limit_headers import Notices, RateLimit
    from pinner.registry.mirrors import Source
    from pinner.registry.session import Session

_DOCKER_HUBS_IMAGE = "docker.io/ratelimitpreview/test:latest"
_OK, _NOT_FOUND = 200, 404


def probe_for(registry: str) -> ImageReference:
    """Return a name at ``registry`` to ask about; of Docker Hub the one that was made for it.

    Raises `NotFoundError` for what is no registry's name.
    """
    try:
        reference = ImageReference.parse(_DOCKER_HUBS_IMAGE if registry == DOCKER_HUB else f"{registry}/pinner/probe")
    except InvalidReferenceError:
        reference = None
    if reference is None or reference.domain != registry:
        raise NotFoundError("that is no registry's name", hint="write a host, as in docker.io or localhost:5000")
    return reference


async def query_rate_limit(
    session: Session, notices: Notices, source: Source, registry: str, reference: ImageReference | None
) -> Allowance:
    """Return what ``source`` says of its limit when it is asked about ``reference``, or about itself without one.

    A refusal that tells the limit is an answer. Raises `ResolveError` for any other.
    """
    endpoint = source.endpoint
    if reference is None and registry == DOCKER_HUB:
        reference = probe_for(registry)
    method, url = "GET", endpoint.base
    if reference is not None:
        method, url = "HEAD", endpoint.manifest(source.repository, str(reference.digest or reference.tag or "latest"))
    async with session.question(endpoint, "" if reference is None else source.repository) as question:
        refusal: ResolveError | None = None
        try:
            reply = await session.ask(question, Call(method, {"Accept": ACCEPT}, MAX_MANIFEST), url)
            if reply.status == _NOT_FOUND and reference is None:
                refusal = NotFoundError(f"no registry answers at {endpoint.host}", hint="name an image that it has")
            elif reply.status != _OK:
                refusal = reply_error(reply, endpoint.host)
        except ResolveError as error:
            refusal = error
        limit = _limit_of(notices, url.host)
        if refusal is not None and limit is None:
            raise refusal
        credentials = question.credentials
    user = None if credentials is None else safe_text(credentials.username) or "an identity token"
    if limit is None:
        return Allowance(registry, user)
    return Allowance(registry, user, limit.limit, limit.remaining, limit.window, limit.source)


def _limit_of(notices: Notices, host: str) -> RateLimit | None:
    return next((limit for limit in notices.rate_limits if limit.host == host), None)
