"""Types of ``fleet.toml`` and of the JSON of ``fleet plan`` and ``fleet status``."""

from typing import Annotated, Literal, NotRequired, TypeAlias, TypedDict

from pinner.schema.generate import Keyword
from pinner.schema.records import Count, Version

_SECRET = Keyword("pattern", "^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$")
_DURATION = Keyword("pattern", "^[0-9]{1,6}[smhdw]$")
_PAUSE = Keyword("pattern", "^0{0,5}[1-9][0-9]{0,5}[smhdw]$|^0{0,4}[1-9][0-9]{1,5}[smhdw]$")
_FROM_ONE = Keyword("minimum", 1)
_ADDRESS = Keyword("pattern", "://")

Secret: TypeAlias = Annotated[str, _SECRET]
Seconds: TypeAlias = Annotated[float, "Seconds since the epoch."]


class AppRecord(TypedDict):
    """A GitHub App, as whose installation the fleet works."""

    id: int | str
    key: Annotated[Secret, "Where its private key is: env:NAME or file:PATH."]


class SourceRecord(TypedDict):
    """Repositories of one owner."""

    org: Annotated[str, _ADDRESS, "https://github.com/acme."]
    token: NotRequired[Annotated[Secret, "Where it is, never what it is: env:NAME or file:PATH."]]
    app: NotRequired[AppRecord]
    forge: NotRequired[Annotated[Literal["github", "gitlab", "gitea"], "Where the host does not tell it by itself."]]
    skip: NotRequired[Annotated[list[str], "Globs of repositories that are none of the fleet's."]]
    own: NotRequired[Annotated[list[str], "Globs of images that need not settle."]]


class HooksRecord(TypedDict):
    """Where the secret of each sender of hooks is."""

    github: NotRequired[Secret]
    gitlab: NotRequired[Secret]
    gitea: NotRequired[Secret]
    dockerhub: NotRequired[Secret]
    harbor: NotRequired[Secret]
    quay: NotRequired[Secret]
    acr: NotRequired[Secret]
    artifactory: NotRequired[Secret]
    ecr: NotRequired[Secret]
    gar: NotRequired[Secret]


ServeRecord = TypedDict(
    "ServeRecord",
    {
        "token": NotRequired[Annotated[Secret, "A bearer's token, or the password of whatever user."]],
        "user-header": NotRequired[Annotated[str, Keyword("minLength", 1), "What a proxy names the user by."]],
    },
)
ServeRecord.__doc__ = "Who may look at the pages from elsewhere."
FleetRecord = TypedDict(
    "FleetRecord",
    {
        "store": Annotated[str, "sqlite:///PATH, or postgresql://HOST/NAME without a password."],
        "source": Annotated[list[SourceRecord], Keyword("minItems", 1)],
        "every": NotRequired[Annotated[str, _PAUSE, "How often registries are asked, and pushes listed."]],
        "full-every": NotRequired[Annotated[str, _PAUSE, "How often every repository is listed."]],
        "settle": NotRequired[Annotated[str, _DURATION, "How long a tag of others must have stayed what it is."]],
        "stalled": NotRequired[Annotated[str, _PAUSE, "After what time a silent worker is given up."]],
        "openings-per-hour": NotRequired[Annotated[int, _FROM_ONE, "Pull requests, of one token."]],
        "concurrency": NotRequired[Annotated[int, _FROM_ONE, "Repositories at once, of one process."]],
        "hooks": NotRequired[HooksRecord],
        "serve": NotRequired[ServeRecord],
    },
)
FleetRecord.__doc__ = "A fleet of repositories."


class RequestsRecord(TypedDict):
    """Requests that it takes, about."""

    api: Annotated[Count, "Of the forge's API."]
    git: Count


class DueRecord(TypedDict):
    """A repository that is due."""

    forge: Annotated[str, "The server's address."]
    repository: str
    reason: Literal["hook", "pushed", "moved", "new", "open", "retry", "old", "base"]
    failures: Annotated[Count, "In a row."]
    requests: RequestsRecord


class FleetPlanRecord(TypedDict):
    """What `pinner fleet plan --format json` prints."""

    version: Version
    due: list[DueRecord]
    lists: Annotated[list[str], "Owners that are to be listed."]
    images: Annotated[Count, "To be asked about."]
    requests: RequestsRecord


class FailingRecord(TypedDict):
    """A repository that failed last."""

    forge: str
    name: str
    failures: Annotated[int, _FROM_ONE]
    told: Annotated[str | None, "Why."]
    due_at: Seconds | None


class BudgetRecord(TypedDict):
    """How much of a token's window is taken."""

    host: str
    token: Annotated[str, "What it is called, never what it is."]
    window: Annotated[str, "So many in so many seconds: 80/60s."]
    taken: Count
    of: Count


class TotalsRecord(TypedDict):
    """The whole fleet in numbers."""

    repositories: Count
    gone: Count
    due: Count
    stuck: Count
    images: Count
    unanswered: Annotated[Count, "Images that no registry gives an answer for now."]
    mentions: Annotated[Count, "Places that name an image."]
    pinned: Count
    behind: Annotated[Count, "Places whose digest is not what the tag means now."]
    signed: Annotated[Count, "Images."]
    pulls: Annotated[Count, "Open pull requests of the bot."]


class FleetStatusRecord(TypedDict):
    """What `pinner fleet status --format json` prints."""

    version: Version
    totals: TotalsRecord
    failing: list[FailingRecord]
    budgets: list[BudgetRecord]
    listed: Annotated[dict[str, Seconds | None], "When each owner was listed last."]
