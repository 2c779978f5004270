"""Telling a compose file from other YAML, and finding its services."""

from __future__ import annotations

from pinner.formats.yamlnodes import Mapping, Scalar
from pinner.formats.yamlnodes.references import is_null
from pinner.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from pinner.formats.yamlnodes import Node
    from pinner.formats.yamlnodes.fields import Fields

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


def services_of(root: Node, fields: Fields, path: str) -> Mapping | None:
    """Return the mapping of services where ``root`` is that of a compose file, else None.

    Under a name that does not say so the content must be beyond doubt: other tools have a top-level ``services`` too.
    """
    if type(root) is not Mapping:
        return None
    keys = fields.names(root).keys()
    named = is_named_compose(path)
    field = fields.get(root, "services")
    if field is None:
        return root if named and not keys & _NOT_VERSION_1 and _are_services(root, fields, strict=True) else None
    services = field.node
    if "apiVersion" in keys or type(services) is not Mapping:
        return None
    if not named and not all(key in _ROOT_KEYS or key.startswith("x-") for key in keys):
        return None
    return services if _are_services(services, fields, strict=not named) else None


def _are_services(mapping: Mapping, fields: Fields, *, strict: bool) -> bool:
    """Tell whether the values of ``mapping`` look like services: with ``strict`` all of them, else one."""
    verdicts = []
    has_origin = False
    for body in fields.nodes(mapping):
        if type(body) is Mapping:
            keys = fields.names(body).keys()
            verdicts.append("<<" in keys or not keys.isdisjoint(_SERVICE_KEYS))
            has_origin = has_origin or not keys.isdisjoint(_ORIGINS)
        else:
            verdicts.append(type(body) is Scalar and is_null(body) and not strict)
    return any(verdicts) and (not strict or (all(verdicts) and has_origin))
