"""What a Kubernetes object is, and which kinds of objects name images that no kubelet pulls."""

from __future__ import annotations

import re

from pinner.formats.yamlnodes import Mapping
from pinner.formats.yamlnodes.shadow import unshadow
from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pinner.formats.yamlnodes.fields import Fields

# Selectors and labels: `image` there is a label's name, and a digest no label's value.
NOT_ENTERED = ("labels", "annotations", "matchLabels", "nodeSelector", "selector")
# What has images under other keys too.
TYPED_GROUPS = ("pkg.crossplane.io", "postgresql.cnpg.io", "serving.kserve.io", "tekton.dev")
# Tools whose `image` is a pattern, a name to replace, or the name of something that they build.
_EXCLUDED_GROUPS = re.compile(
    r"(?:^|\.)(?:(?<!chainsaw\.)kyverno\.io|kbld\.k14s\.io|policy\.sigstore\.dev|image\.toolkit\.fluxcd\.io)$"
)
_EXCLUDED_KINDS = ("CustomResourceDefinition",)
# Whose `image` is what a machine boots from.
_MACHINE_GROUPS = re.compile(
    r"(?:^|\.)(?:infrastructure\.cluster\.x-k8s\.io|machine\.openshift\.io|hobbyfarm\.io|compute\.cnrm\.cloud\.google\.com"
    r"|harvesterhci\.io|metal3\.io|machine\.sapcloud\.io|karpenter\.k8s\.aws|hcloud\.crossplane\.io)$"
)
_MACHINE_KINDS = {
    "kops": re.compile(r"^InstanceGroup$"),
    "kops.k8s.io": re.compile(r"^InstanceGroup$"),
}
_CLOUD_GROUPS = re.compile(r"(?:^|\.)(?:crossplane|upbound)\.io$")
_CLOUD_MACHINES = re.compile(
    r"(?:Droplet|Server|Instance|Machine|MachineSet|VirtualMachine|InstanceTemplate|LaunchTemplate|InstanceV2|NodePool)$"
)
# Text for somebody else: a key of theirs called `image` is their business.
_DATA_KINDS = ("ConfigMap", "Secret")


class Object(NamedTuple):
    """An object's type and name."""

    group: str
    kind: str
    name: str

    @property
    def owner(self) -> str:
        """``Kind/name``, or the kind alone where the name is not written out."""
        return f"{self.kind}/{self.name}" if self.name else self.kind

    @property
    def is_excluded(self) -> bool:
        """Whether nothing in it is an image to pull."""
        if self.kind in _EXCLUDED_KINDS or (not self.group and self.kind in _DATA_KINDS):
            return True
        return _EXCLUDED_GROUPS.search(self.group) is not None or self._is_machine

    @property
    def _is_machine(self) -> bool:
        if _MACHINE_GROUPS.search(self.group):
            return True
        kinds = _CLOUD_MACHINES if _CLOUD_GROUPS.search(self.group) else _MACHINE_KINDS.get(self.group)
        return kinds is not None and kinds.search(self.kind) is not None

    @property
    def is_tekton(self) -> bool:
        """Whether it is Tekton's, whose parameters have defaults."""
        return self.group == "tekton.dev"

    @property
    def is_test(self) -> bool:
        """Whether it is chainsaw's, where ``assert`` and ``error`` say what is expected and start nothing."""
        return self.group == "chainsaw.kyverno.io"

    @property
    def is_skaffold(self) -> bool:
        """Whether it is skaffold's configuration, where only some containers are pulled."""
        return self.group == "skaffold"

    @property
    def is_kustomization(self) -> bool:
        """Whether it is kustomize's own, with name and digest in fields of their own."""
        return self.group == "kustomize.config.k8s.io"


def read_object(mapping: Mapping, fields: Fields) -> Object | None:
    """Return what object ``mapping`` is, or None where it is none: one has a scalar ``apiVersion`` and ``kind``."""
    own = fields.names(mapping)
    if "apiVersion" not in own and "<<" not in own:
        return None
    version, kind = fields.scalar(mapping, "apiVersion"), fields.scalar(mapping, "kind")
    if version is None or kind is None or not version.value or not kind.value:
        return None
    metadata = fields.get(mapping, "metadata")
    name = fields.scalar(metadata.node, "name") if metadata is not None and type(metadata.node) is Mapping else None
    literal = name is not None and not any(mark in name.value for mark in ("{{", "$"))
    group = version.value.rpartition("/")[0]
    return Object(group, unshadow(kind.value), unshadow(name.value) if name is not None and literal else "")
