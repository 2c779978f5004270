"""Compose services: recognised, anchors merged, ``extends`` within the file followed."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.formats.compose.variables import interpolated_text
from pinner.formats.yaml import Mapping, Scalar, Sequence, resolve
from pinner.formats.yaml.lookup import Field
from pinner.formats.yaml.references import is_null
from pinner.formats.yaml.scalars import reference_text
from pinner.formats.yaml.stream import unshadow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pinner.formats.yaml import Node
    from pinner.formats.yaml.lookup import KeyLookup


# compose-spec, schema/compose-spec.json: the properties of the root and of a service; no others are allowed but `x-…`.
_ROOT_KEYS = frozenset(
    ("version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs", "<<")
)
_SERVICE_KEYS = frozenset(
    """
    annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name
    cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset
    credential_spec depends_on deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname
    entrypoint env_file environment expose extends external_links extra_hosts gpus group_add healthcheck
    hostname image init ipc isolation label_file labels links logging mac_address mem_limit mem_reservation
    mem_swappiness memswap_limit models network_mode networks oom_kill_disable oom_score_adj pid pids_limit
    platform ports post_start post_stop pre_start pre_stop privileged profiles provider pull_policy
    pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
    stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts
    volumes volumes_from working_dir
    """.split()  # noqa: SIM905 - eighty quotes and commas less
)
_ORIGINS = frozenset(("image", "build", "extends", "provider", "<<"))
_NOT_VERSION_1 = frozenset(("services", "version", "apiVersion", "kind", "include", "jobs", "on"))


def is_named_compose(path: str) -> bool:
    """Tell whether the file's name says that it is a compose file."""
    return "compose" in path.rpartition("/")[2].lower()


def services_of(root: Node, fields: KeyLookup, path: str) -> Mapping | None:
    """Return the mapping of services where ``root`` is that of a compose file, else None.

    Under a name that does not say so the content must be beyond doubt: other tools have a top-level ``services`` too.
    """
    if type(root) is not Mapping:
        return None
    keys = fields.own(root).keys()
    named = is_named_compose(path)
    field = fields.get(root, "services")
    if named and "apiVersion" not in keys and _only_includes(root, fields):
        return Mapping([], root.start, None, None, flow=True)
    if field is None:
        return root if named and not keys & _NOT_VERSION_1 and _are_services(root, fields, strict=True) else None
    services = field.node
    if "apiVersion" in keys or type(services) is not Mapping:
        return None
    if not named and not all(key in _ROOT_KEYS or key.startswith("x-") for key in keys):
        return None
    return services if _are_services(services, fields, strict=not named) else None


def _only_includes(root: Mapping, fields: KeyLookup) -> bool:
    """Tell whether ``root`` has no service of its own, but says which files to include."""
    include, services = fields.get(root, "include"), fields.get(root, "services")
    if include is None or type(include.node) is not Sequence:
        return False
    return services is None or (type(services.node) is Mapping and not services.node.children)


def _are_services(mapping: Mapping, fields: KeyLookup, *, strict: bool) -> bool:
    """Tell whether the values of ``mapping`` look like services: with ``strict`` all of them, else one."""
    verdicts = []
    has_origin = False
    for body in fields.nodes(mapping):
        if type(body) is Mapping:
            keys = fields.own(body).keys()
            verdicts.append("<<" in keys or not keys.isdisjoint(_SERVICE_KEYS))
            has_origin = has_origin or not keys.isdisjoint(_ORIGINS)
        else:
            verdicts.append(type(body) is Scalar and is_null(body) and not strict)
    return any(verdicts) and (not strict or (all(verdicts) and has_origin))


_MAX_EXTENDS = 50


class File(NamedTuple):
    """What the services of one document have in common."""

    data: bytes
    fields: KeyLookup
    project: str
    """The top-level ``name``, empty where it is left to compose."""
    services: dict[str, Service]


class Service:
    """One service of one document."""

    def __init__(self, name: str, body: Mapping, file: File) -> None:
        self.name = name
        self.body = body
        self._file = file
        self._own = file.fields.own(body)
        self._merges = "<<" in self._own
        self._stands_alone = not self._merges and "extends" not in self._own

    def may_have(self, keys: Iterable[str]) -> bool:
        """Tell whether one of ``keys`` may stand here, its own or merged in."""
        return self._merges or not self._own.keys().isdisjoint(keys)

    def says_nothing_of(self, keys: Iterable[str]) -> bool:
        """Tell that none of ``keys`` stands here, or in what it extends."""
        return self._stands_alone and self._own.keys().isdisjoint(keys)

    def own(self, key: str) -> Field | None:
        """Return what stands under ``key``, its own or merged in by ``<<``; None for nothing, null or ``!reset``."""
        if key not in self._own and not self._merges:
            return None
        field = self._file.fields.get(self.body, key)
        if field is not None and field.node.tag == "!reset":
            # It is gone before `<<` is merged, so that what is merged counts (compose-go, loader/reset.go).
            field = self._merged_in(key)
        if field is None or (type(field.node) is Scalar and is_null(field.node)):
            return _empty_build(field) if key == "build" else None
        return field

    def _merged_in(self, key: str) -> Field | None:
        """Return what ``<<`` merges in under ``key``, whatever stands there itself."""
        fields = self._file.fields
        for source, via in fields.sources(self.body):
            written = fields.own(source).get(key) if source is not self.body else None
            if written is not None and resolve(written).tag != "!reset":
                return Field(resolve(written), written, via)
        return None

    @property
    def resets(self) -> frozenset[str]:
        """The keys under which it drops what other files say: those tagged ``!reset`` or ``!override``."""
        return frozenset([key for key, value in self._own.items() if resolve(value).tag in ("!reset", "!override")])

    @property
    def tags(self) -> Iterator[str]:
        """The names that its own ``build`` gives the result beside ``image``."""
        build = self.own("build")
        tags = self._file.fields.get(build.node, "tags") if build is not None and type(build.node) is Mapping else None
        for item in tags.node.children if tags is not None and type(tags.node) is Sequence else ():
            tag = resolve(item)
            if type(tag) is Scalar:
                yield self.read(tag)

    @property
    def extended(self) -> tuple[str, str] | None:
        """The file, empty for this one, and the service that it extends; None where it extends none."""
        extends = self.own("extends")
        if extends is None:
            return None
        if type(extends.node) is not Mapping:
            return "", self.text(extends)
        fields = self._file.fields
        file, service = fields.get(extends.node, "file"), fields.get(extends.node, "service")
        return self.text(file), self.text(service)

    def inherited(self, key: str) -> Field | None:
        """Return the same, with the services of this file that it extends."""
        if self._stands_alone:
            return self.own(key)
        for service in self._lineage():
            field = service.own(key)
            if field is not None:
                return field
            if self._file.fields.get(service.body, key) is not None:  # a null or a reset ends the search
                return None
        return None

    def text(self, field: Field | None) -> str:
        """Return what compose reads in a field that holds a scalar; empty for anything else."""
        return self.read(field.node) if field is not None and type(field.node) is Scalar else ""

    def read(self, scalar: Scalar) -> str:
        """Return what compose reads in ``scalar``; empty for what is too long for a name."""
        return interpolated_text(reference_text(self._file.data, scalar))

    @property
    def platform(self) -> str | None:
        """The service's ``platform:``, where it is known without the environment."""
        text = self.text(self.inherited("platform"))
        return text if text and "$" not in text else None

    @property
    def builds(self) -> bool:
        """Whether compose builds its image: then ``image`` names the result."""
        return self.inherited("build") is not None

    def built_names(self, seen: set[int]) -> Iterator[str]:
        """Yield the names that its image gets by its build; a list of tags that is in ``seen`` was yielded before."""
        image = self.text(self.inherited("image"))
        if image or self._file.project:
            yield image or f"{self._file.project}-{self.name}"
        build = self.inherited("build")
        if build is not None and type(build.node) is Mapping:
            tags = self._file.fields.get(build.node, "tags")
            if tags is not None and type(tags.node) is Sequence and id(tags.node) not in seen:
                seen.add(id(tags.node))
                for item in tags.node.children:
                    tag = resolve(item)
                    if type(tag) is Scalar:
                        yield self.read(tag)

    def _lineage(self) -> Iterator[Service]:
        """Yield the service and those it extends, nearest first."""
        service: Service | None = self
        for _ in range(_MAX_EXTENDS):
            if service is None:
                return
            yield service
            service = service.base()

    def base(self) -> Service | None:
        """Return the service of this file that it extends."""
        extends = self.own("extends")
        if extends is None:
            return None
        if type(extends.node) is Mapping:
            if self._file.fields.get(extends.node, "file") is not None:
                return None
            extends = self._file.fields.get(extends.node, "service")
        base = self._file.services.get(self.text(extends))
        return None if base is self else base


def _empty_build(field: Field | None) -> Field | None:
    """Return ``field`` where it is ``build: ""``: the folder itself is built, whereas null is nothing."""
    if field is None or type(field.node) is not Scalar or not field.node.style or field.node.tag == "!reset":
        return None
    return field


def read_services(root: Mapping, mapping: Mapping, fields: KeyLookup, data: bytes) -> list[Service]:
    """Return the services under ``mapping`` of the document ``root``."""
    name = fields.scalar(root, "name")
    file = File(data, fields, interpolated_text(reference_text(data, name)) if name is not None else "", {})
    for key in fields.keys(mapping):
        field = fields.get(mapping, key)
        if field is not None and type(field.node) is Mapping and field.node.tag != "!reset":
            readable = unshadow(key)
            file.services[readable] = Service(readable, field.node, file)
    return list(file.services.values())
