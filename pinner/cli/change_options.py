"""Options of ``pinner pin``, ``pinner update`` and ``pinner unpin``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pinner.cli.change import ChangeOptions, change
from pinner.cli.commands import (
    CHANGE_STATUS,
    DIFF,
    DIFF_FORMAT,
    NO_VERIFY,
    PATHS,
    STDIN_FILENAME,
    TAG_LEVELS,
    VARIANTS,
    pinner_command,
)
from pinner.cli.context import Invocation
from pinner.errors import ConfigError
from pinner.report import PATCH

if TYPE_CHECKING:
    from pinner.cli.context import Context

_PIN_EPILOG = """\b
Examples:
  pinner pin                            the whole repository
  pinner pin --diff | less              what would change; nothing is written
  pinner pin --diff | git apply         the same as pinner pin
  pinner pin --platform linux/arm64     that platform's image, and no other
  pinner pin --locked                   what pinner.lock says, offline
  pinner pin - --stdin-filename Dockerfile    text in, text out: for editors
"""


@pinner_command("pin", _PIN_EPILOG)
@PATHS
@STDIN_FILENAME
@DIFF
@DIFF_FORMAT
@CHANGE_STATUS
@NO_VERIFY
@click.option("--locked", is_flag=True, help="Ask nobody: make every reference what pinner.lock says.")
@click.pass_context
def pin(ctx: click.Context, /, *, locked: bool, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Add a digest to every unpinned reference, in place.

    Each image is asked for once, whatever the number of places that name it. What is pinned already stays as it is.
    A reference whose image cannot be told stays as well, and the exit status is 3.

    Where there is a pinner.lock, what it knows is taken from there, and what it lacks is added to it. With --locked it
    has the last word: a digest that differs from it moves too.
    """
    return Invocation(ctx.obj, partial(change, asked=ChangeOptions("hold" if locked else "pin", ctx.obj, **values)))


_UNPIN_EPILOG = """\b
Examples:
  pinner unpin                          the whole repository
  pinner unpin --diff Dockerfile        what would change; nothing is written
"""


@pinner_command("unpin", _UNPIN_EPILOG)
@PATHS
@STDIN_FILENAME
@DIFF
@CHANGE_STATUS
@click.pass_context
def unpin(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Take the digests off again; tags stay.

    The opposite of `pinner pin`: a `:latest` that pinner itself wrote goes as well. No registry is asked.
    """
    return Invocation(ctx.obj, partial(change, asked=ChangeOptions("unpin", ctx.obj, **values)))


_PUBLISHING = ("pr", "repo", "repos", "org", "shard", "concurrency", "forge", "dry_run")
_INSTEAD = "--dry-run prints the pull request with its diff, and writes nothing"

_UPDATE_EPILOG = """\b
Examples:
  pinner update                         the whole repository
  pinner update --diff                  what would change; nothing is written
  pinner update --diff --format rdjsonl | reviewdog -f=rdjsonl
  pinner update --only '*/nginx'        nginx alone, from whatever registry
  pinner update --exclude 'ghcr.io/*'   all but those
  pinner update --min-age 3d            nothing that pinner has known for less
  pinner update --tags minor --diff     3.12.4 becomes 3.12.11, not 4.0
  pinner update --pr                    propose it by a pull request
  pinner update --pr --dry-run          print that pull request alone
  pinner update --org acme --shard 0/4  a fourth of all repositories

\b
Globs are held against full names: docker.io/library/nginx, or
docker.io/library/nginx:1.27 with the tag.
"""


@pinner_command("update", _UPDATE_EPILOG)
@PATHS
@STDIN_FILENAME
@DIFF
@DIFF_FORMAT
@CHANGE_STATUS
@NO_VERIFY
@click.option("--only", multiple=True, metavar="GLOB", help="Only images of this name; may be given several times.")
@click.option("--exclude", multiple=True, metavar="GLOB", help="No images of this name; may be given several times.")
@click.option(
    "--min-age", metavar="AGE", help="Take the newest digest that pinner.lock has known for this long: 3d, 12h."
)
@click.option(
    "--tags",
    type=click.Choice(TAG_LEVELS),
    help="Raise tags too, by steps of at most this size.  [default: `tags` of [update], or none]",
)
@click.option(
    "--variant",
    type=click.Choice(VARIANTS),
    help="With --tags: whether the base in a tag, as in -alpine3.22, may become a later one.  [default: keep]",
)
@click.option(
    "--allow",
    multiple=True,
    metavar="IMAGE=RANGE",
    help="With --tags: keep an image to some versions: 'python=>=3.11,<3.14'.",
)
@click.option(
    "--index", "to_index", is_flag=True, help="Move the digest of one platform's manifest to the index of all, too."
)
@click.option("--pr", is_flag=True, help="Propose it by pull requests to the repository here, and change no file.")
@click.option(
    "--repo",
    multiple=True,
    metavar="URL",
    help="The same for the repository at this address; may be given several times.",
)
@click.option("--repos", metavar="FILE", help="The same for every repository in this list, one address a line.")
@click.option("--org", metavar="NAME", help="The same for every repository of an organisation; a name or an address.")
@click.option("--shard", metavar="I/N", help="Of these, see to one of N shares alone: 0/4 to 3/4.")
@click.option(
    "--concurrency", type=click.IntRange(min=1), metavar="N", help="See to N repositories at once.  [default: 4]"
)
@click.option(
    "--forge", type=click.Choice(["github", "gitlab", "gitea"]), help="What kind of host it is; told by itself."
)
@click.option("--dry-run", is_flag=True, help="Print the pull requests as they would be, and write nothing anywhere.")
@click.pass_context
def update(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Move stale digests to what their tags mean now, and pin what is not pinned.

    A digest of one platform's manifest moves to that platform's manifest, unless --index or --platform is given; an
    image ID, which cannot be pulled, becomes what the tag means. A reference without a tag beside its digest follows
    nothing, and stays as it is. Where there is a pinner.lock, it moves with the files.

    With --tags, or `tags` in the settings, a tag that names a version becomes the latest one of its kind that is not
    further away than that, tag and digest at once: as precise, of the same variant, stable, and shown by the registry
    to be there, for the platforms in use, and not older. Where no tag is raised, the digest moves.

    With --pr, --repo, --repos or --org it is a bot: it proposes all that by pull requests, brings up to date those that
    are open, and closes those that are not needed any more. It works on a clone, and a second run does nothing new. The
    token is PINNER_TOKEN, or the one of the forge's own tools: GITHUB_TOKEN for github.com and *.ghe.com,
    GITLAB_TOKEN, GITEA_TOKEN and FORGEJO_TOKEN for the well-known hosts, and for others where --forge says what they
    are; so GH_ENTERPRISE_TOKEN for GitHub's servers elsewhere, or for the one in GH_HOST.
    """
    asked = {name: values.pop(name) for name in _PUBLISHING}
    if any(asked.values()):
        return Invocation(ctx.obj, partial(_publish, values={**values, **asked, "options": ctx.obj}))
    return Invocation(ctx.obj, partial(change, asked=ChangeOptions("update", ctx.obj, **values)))


def _publish(context: Context, values: dict[str, Any]) -> int:
    from pinner.cli.pull_requests import PublishOptions, publish  # noqa: PLC0415 - the bot is heavy

    for name in ("diff", "exit_non_zero_on_change", "stdin_filename"):
        if values.pop(name):
            raise ConfigError(f"--{name.replace('_', '-')} is about files, not pull requests", hint=_INSTEAD)
    if values.pop("no_verify"):
        raise ConfigError("--no-verify is not for pull requests", hint="what [[verify]] says on the base branch holds")
    if values["format"] == PATCH:
        values["format"] = None
    given = {name: value for name, value in values.items() if value is not None}
    return publish(context, PublishOptions(**given))
