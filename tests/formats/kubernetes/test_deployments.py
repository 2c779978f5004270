"""Flux's, Argo CD's and k3s's objects: what stands in them in ways of their own, and what else they decide."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from yamlplaces import DIGEST, found, in_kubernetes, mentions, pinned, skips

from pinner.config import Settings
from pinner.link.facts import ImageRule, Kustomization
from pinner.model import Occurrence
from pinner.pipeline import survey
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from pathlib import Path

ARGO = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web}\nspec:\n  source:\n    path: base\n"
RELEASE = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n"
FLUX = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k}\nspec:\n"


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("|\n        image: {repository: a/b, tag: v1}\n", "tag: v1@"),
        ("'image: {repository: a/b, tag: v1}'\n", "tag: v1@"),
        ("\"image: {repository: a/b, tag: v1, digest: ''}\"\n", "digest: 'sha"),
        ('"image: {repository: a/b, tag: v1, digest: \\"\\"}"\n', 'digest: \\"sha'),
        ("|\n        image:\n          digest:\n          repository: a/b\n          tag: v1\n", "digest: sha"),
    ],
)
def test_values_that_are_text_are_pinned_in_it(written: str, after: str) -> None:
    data = f"{ARGO}    helm:\n      values: {written}".encode()
    (occurrence,) = mentions(in_kubernetes(data))
    assert (str(occurrence.reference), occurrence.owner) == ("a/b:v1", "Application/web")
    result = pinned(data, [occurrence])
    assert after in result.decode()
    assert found(in_kubernetes(result)) == [f"a/b:v1@{DIGEST}"]
    assert result.replace(DIGEST.encode(), b"").replace(b"@", b"").replace(b"digest: \n", b"digest:\n") == data


def test_a_field_that_is_put_together_takes_no_digest() -> None:
    text = f"{ARGO}    helm:\n      values: 'image: {{repository: a/b, tag: v1, digest: ''''}}'\n"
    assert found(in_kubernetes(text)) == ["a/b:v1"]
    text = f'{ARGO}    helm:\n      values: "image: {{repository: a/b, tag: \\x76\\\n        1}}"\n'
    assert found(in_kubernetes(text)) == ["computed: a/b:v1"]


@pytest.mark.parametrize("key", ["values: ''", "values: {image: {repository: a, tag: v1}}", "values: '[image'", "x: y"])
def test_what_is_no_text_of_values_names_nothing(key: str) -> None:
    assert mentions(in_kubernetes(f"{ARGO}    helm:\n      {key}\n      fileParameters: [image]\n")) == []


@pytest.mark.parametrize(
    ("mark", "place"),
    [
        ('# {"$imagepolicy": "a:b:tag"}', "output: a/b:v1"),
        ('# "$imagepolicy"', "a/b:v1"),
        ("# imagepolicy", "a/b:v1"),
    ],
)
def test_what_flux_writes_is_left_to_it(mark: str, place: str) -> None:
    values = f"  values:\n    image:\n      repository: a/b\n      tag: v1 {mark}\n"
    assert found(in_kubernetes(RELEASE + values)) == [place]
    pod = f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: a/b:v1 {mark}\n"
    assert found(in_kubernetes(pod)) == [place]


def test_what_the_image_updater_writes_is_left_to_it() -> None:
    noted = "{argocd-image-updater.argoproj.io/image-list: 'x=a.io/up:~1, a.io/two'}"
    text = ARGO.replace("{name: web}", f"{{name: web, annotations: {noted}}}")
    images = "    kustomize: {images: ['a.io/up:1.2', 'n=a.io/two:v1', 'a.io/other:v1']}\n"
    assert found(in_kubernetes(text + images)) == ["output: a.io/up:1.2", "output: a.io/two:v1", "a.io/other:v1"]


def test_a_tag_that_the_text_shares_is_no_place_of_two_digests() -> None:
    text = "    helm:\n      values: |\n        a: {image: {repository: a, tag: &t v1, digest: ''}}\n"
    text += "        b: {image: {repository: b, tag: *t, digest: ''}}\n"
    data = f"{ARGO}{text}".encode()
    occurrences = mentions(in_kubernetes(data))
    assert len({one.span for one in occurrences}) == 2
    assert pinned(data, occurrences).count(DIGEST.encode()) == 2


@pytest.mark.parametrize(
    ("entry", "rule", "place"),
    [
        ("app=a.io/b:v1", ImageRule("app", "a.io/b", "v1"), "a.io/b:v1"),
        ("nginx:1.27", ImageRule("nginx", "", "1.27"), "nginx:1.27"),
        (f"nginx=nginx:1@{DIGEST}", ImageRule("nginx", "nginx", "1", DIGEST), f"nginx:1@{DIGEST}"),
        ("a=b", ImageRule("a", "b"), "separate-tag: b"),
        ("a=B:1", ImageRule("a", "B", "1"), "invalid-reference: B:1"),
        ("a={{x}}:1", ImageRule("a", "{{x}}", "1"), "interpolated-name: {{x}}:1"),
    ],
)
def test_a_text_of_argo_cd_is_an_entry_of_kustomize(entry: str, rule: ImageRule, place: str) -> None:
    located = in_kubernetes(f"{ARGO}    kustomize: {{images: ['{entry}']}}\n")
    assert found(located) == [place]
    [fact] = located.facts
    assert isinstance(fact, Kustomization)
    assert (fact.resources, fact.is_deployment) == (("base",), True)
    assert [one._replace(line=0, span=None) for one in fact.rules] == [rule]


def test_texts_that_are_none_and_sources_without_a_path_state_nothing() -> None:
    images = "'', ~, [a], 'app=', " + f"'{'a' * 20}:1'"
    located = in_kubernetes(f"{ARGO}    kustomize: {{images: [{images}]}}\n".replace("path: base", "chart: x"))
    assert found(located) == [f"{'a' * 20}:1"]
    assert located.facts == ()


def test_patches_in_the_objects_are_read() -> None:
    patch = "patches: [{patch: 'apiVersion: v1\n\n  kind: Pod\n\n  spec: {containers: [{image: \"a/b:1\"}]}'}]"
    assert found(in_kubernetes(f"{FLUX}  {patch}\n")) == ["a/b:1"]
    assert found(in_kubernetes(f"{ARGO}    kustomize:\n      {patch}\n")) == ["a/b:1"]


@pytest.mark.parametrize("url", ["oci://", "https://ghcr.io/a/b", "oci://ghcr.io/A:1"])
def test_an_artifact_that_is_none_is_never_pinned(url: str) -> None:
    head = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: o}\n"
    located = in_kubernetes(f"{head}spec:\n  url: {url}\n  ref: {{tag: v1}} # oci://\n")
    assert mentions(located) == []
    assert [skip.reason for skip in skips(located)] in ([], ["invalid-reference"])
    assert found(in_kubernetes(f"{head}spec: {{url: oci://a/b, ref: v1}}\n")) == []


def test_a_release_that_renders_through_kustomize_names_its_entries() -> None:
    text = f"{RELEASE}  postRenderers: [{{kustomize: {{images: [{{name: a/b, newTag: v1}}]}}}}, {{other: x}}]\n"
    assert found(in_kubernetes(text)) == ["a/b:v1"]


@pytest.mark.parametrize("folder", ["", "base"])
def test_a_run_over_a_part_sees_what_a_controller_replaces(tmp_path: Path, folder: str) -> None:
    tree = {
        ".git/HEAD": "",
        "clusters/prod/apps.yaml": f"{FLUX}  path: ./base\n  images: [{{name: app, newName: a.io/app, newTag: v1}}]\n",
        "base/kustomization.yaml": "resources: [pod.yaml]\n",
        "base/pod.yaml": "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: app}, {image: 'other:1'}]}\n",
    }
    for name, text in tree.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    steps = "../" if folder else ""

    def target(name: str, *, named: bool = False) -> Target:
        inside = folder and name.startswith(f"{folder}/")
        return Target(str(tmp_path / name), name.removeprefix(f"{folder}/") if inside else steps + name, named)

    around = [target(name) for name in tree if name.endswith(".yaml")]
    found_there = survey(
        [target("base/pod.yaml", named=True)], Settings(), today=date(2026, 11, 1), around=lambda: around
    )
    [source] = found_there.sources
    app, other = (one.place for one in source.candidates)
    assert getattr(app, "reason", "") == "replaced"
    assert app.decided_by == (f"{steps}clusters/prod/apps.yaml:6",)
    assert isinstance(other, Occurrence)


def parameters(*pairs: str, more: str = "") -> str:
    lines = [f"        - {{name: {name}, value: {value}}}\n" for name, value in (pair.split("=") for pair in pairs)]
    return f"{ARGO}    helm:\n      parameters:\n{''.join(lines)}{more}"


@pytest.mark.parametrize(
    ("pairs", "places"),
    [
        (["image.repository=a/b", 'image.tag="1"'], ["a/b:1"]),
        (["web.image.tag=v1", "web.image.repository=a/b", "web.image.registry=ghcr.io"], ["ghcr.io/a/b:v1"]),
        (["image=a/b:1", "sidecarImage=c/d:2"], ["a/b:1", "c/d:2"]),
        (["image=a/b", "image.tag=v1"], []),
        (["image.tag=v1", "image.pullPolicy=Always", "replicas=2"], []),
        (["image.repository=a/b", "image.tag=v1", "image.tag=v2"], ["a/b:v2"]),
        (["image.repository=a/b", "image.tag=1.10"], ["invalid-reference: a/b:1.10"]),
        (["image.repository=a/b", "image.tag=$ARGOCD_APP_REVISION"], ["interpolated-tag: a/b:$ARGOCD_APP_REVISION"]),
        (["image.repository=a/b", "image.tag='{{tag}}'"], ["templated: a/b:{{tag}}"]),
        ([r"a\.b/image.repository=a/b", r"a\.b/image.tag=v1"], ["a/b:v1"]),
        (["image.repository=a/b", "image.tag=[v1]", "global.imageRegistry=x"], ["interpolated-name: a/b"]),
        (["image.repository=a/b", "image.tag=v1", 'image.digest=""'], ["a/b:v1"]),
    ],
)
def test_parameters_are_values_as_helm_would_set_them(pairs: list[str], places: list[str]) -> None:
    data = parameters(*pairs).encode()
    located = in_kubernetes(data)
    assert found(located) == places
    result = pinned(data, mentions(located))
    after = [place if ": " in place else f"{place}@{DIGEST}" for place in places]
    assert found(in_kubernetes(result)) == after
    removed = result.replace(f"@{DIGEST}".encode(), b"").replace(DIGEST.encode(), b"")
    assert removed == data


def test_a_parameter_comes_over_the_values() -> None:
    values = "      valuesObject:\n        image: {repository: a/b, tag: v1}\n        <<: {proxy: {image: c/d:1}}\n"
    text = parameters("image.tag=v2", more=values)
    assert found(in_kubernetes(text)) == ["a/b:v2", "c/d:1"]
    text = parameters("proxy=none", "image.tag.x=v2", more=values)
    assert found(in_kubernetes(text)) == ["no-default: a/b"]
    assert found(in_kubernetes(parameters(more=values))) == ["a/b:v1", "c/d:1"]
    assert found(in_kubernetes(parameters("x.image=a/b:1", more="      valuesObject: [1]\n"))) == ["a/b:1"]


def test_a_parameter_in_an_alias_is_where_it_is_written() -> None:
    text = f"{ARGO}    helm:\n      parameters: [{{name: a.image, value: &i a/b:1}}, {{name: b.image, value: *i}}]\n"
    data = text.encode()
    assert pinned(data, mentions(in_kubernetes(data))[:1]) == data.replace(b"a/b:1", f"a/b:1@{DIGEST}".encode())
