"""The dialects of the table: which files are theirs, and what is an image in them."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import found, mentions, pinned, skips

from pinner.formats import FORMATS, by_name, locate
from pinner.formats.ci import DIALECTS
from pinner.model import Document, Located

NAMES = [dialect.name for dialect in DIALECTS]
PATHS = {
    "github": ".github/workflows/ci.yml",
    "gitlab": ".gitlab-ci.yml",
    "cloudbuild": "cloudbuild.yaml",
    "circleci": ".circleci/config.yml",
    "woodpecker": ".woodpecker/a.yaml",
    "drone": ".drone.yml",
    "ko": ".ko.yaml",
    "goreleaser": ".goreleaser.yaml",
    "azure": "azure-pipelines.yml",
    "bitbucket": "bitbucket-pipelines.yml",
    "cirrus": ".cirrus.yml",
    "kubeflow": "component.yaml",
    "buildkite": ".buildkite/pipeline.yml",
    "ansible": "tasks/main.yml",
    "pre-commit": ".pre-commit-config.yaml",
    "ecs": "taskdef.yaml",
    "cloudformation": "stack.yaml",
}


def look(name: str, text: str, path: str = "") -> Located:
    located = by_name(name).locate(Document(path or PATHS[name], text.encode()))
    assert located is not None
    return located


def claimed(path: str, text: str) -> str | None:
    located = locate(Document(path, text.encode()))
    return None if located is None else located[0].name


WORKFLOW = "on: push\njobs: {a: {runs-on: x, container: 'node:1'}}\n"
GITLAB_JOB = "a: {image: 'node:1', script: [make]}\n"
CIRCLE = "version: 2.1\njobs: {a: {docker: [{image: 'node:1'}]}}\n"
BUILD = "steps: [{name: gcr.io/a/b, args: [c]}]\n"
AZURE = "jobs: [{job: a, container: 'node:1'}]\n"
WOODPECKER = "steps: {a: {image: 'node:1'}}\n"
DRONE = "kind: pipeline\nsteps: [{name: a, image: 'node:1'}]\n"


@pytest.mark.parametrize(
    ("path", "text", "name"),
    [
        (".github/workflows/a.yaml", WORKFLOW, "github"),
        ("x/.gitea/workflows/a.yml", "jobs: {a: {container: 'node:1'}}\n", "github"),
        ("starters/ci.yml", WORKFLOW, "github"),
        ("starters/ci.yml", "jobs: {a: {container: 'node:1'}}\n", None),
        ("x/action.yml", "runs: {using: docker, image: 'docker://a:1'}\n", "github"),
        ("x/other.yml", "runs: {using: docker, image: 'docker://a:1'}\n", "github"),
        ("x/other.yml", "runs: {image: 'docker://a:1'}\n", None),
        ("a/.gitlab-ci.yml", GITLAB_JOB, "gitlab"),
        ("ci/build.gitlab-ci.yml", GITLAB_JOB, "gitlab"),
        (".gitlab/ci/a.yml", GITLAB_JOB, "gitlab"),
        (".gitlab/ci/a.yml", "a: {image: 'node:1'}\n", None),
        ("templates/a.yml", "spec: {inputs: {}}\n---\n" + GITLAB_JOB, "gitlab"),
        ("elsewhere/a.yml", GITLAB_JOB, None),
        ("elsewhere/a.yml", "a: {stage: build, image: 'node:1', script: [b]}\n", "gitlab"),
        ("elsewhere/a.yml", ".a: {image: 'node:1', before_script: [b]}\n", "gitlab"),
        ("elsewhere/a.yml", ".a: {image: 'node:1', rules: [{if: b}]}\n", "gitlab"),
        ("elsewhere/a.yml", "stages: [b]\nimage: node:1\na: {script: [b]}\n", "gitlab"),
        ("elsewhere/a.yml", "# stage: script:\n.a: {image: 'node:1'}\n", None),
        ("elsewhere/a.yml", "# script:\na: {stage: build, image: 'node:1'}\n", None),
        ("elsewhere/a.yml", "a: {b: {stage: build, image: 'node:1', script: [c]}}\n", None),
        ("elsewhere/a.yml", "stages: [{name: a, script: [b]}]\nb: [{stage: a, script: c, image: 'node:1'}]\n", None),
        ("elsewhere/a.yml", "image: node:1\nstage: a\nscript: [b]\n", None),
        ("a/b.cloudbuild.yaml", "steps: [{name: a}]\n", "cloudbuild"),
        ("build.yaml", BUILD, "cloudbuild"),
        ("build.yaml", BUILD.replace("gcr.io/a/b", "a/b"), None),
        ("build.yaml", BUILD.replace("args: [c]", "uses: x"), None),
        (".circleci/config.yml", CIRCLE, "circleci"),
        ("test/circle.yml", CIRCLE, "circleci"),
        ("test/circle.yml", CIRCLE.replace("version: 2.1\n", ""), None),
        (".woodpecker/a/b.yml", WOODPECKER, "woodpecker"),
        (".woodpecker.yml", WOODPECKER, "woodpecker"),
        ("pipeline.yml", WOODPECKER, None),
        (".drone-local.yml", DRONE, "drone"),
        ("ci/pipeline.yml", DRONE, "drone"),
        ("ci/pipeline.yml", DRONE.replace("pipeline", "other"), None),
        (".ko/x/.ko.yaml", "defaultBaseImage: a:1\n", "ko"),
        ("base.yaml", "defaultBaseImage: a:1\n", "ko"),
        ("base.yaml", "builds: {defaultBaseImage: 'a:1'}\n", None),
        ("x.goreleaser.yml", "kos: [{base_image: 'a:1'}]\n", "goreleaser"),
        ("azure-pipelines/a.yml", AZURE, "azure"),
        ("ci/jobs.yml", AZURE, "azure"),
        ("ci/jobs.yml", AZURE.replace("job: a, ", ""), None),
        ("bitbucket-pipelines.yml", "image: a:1\n", "bitbucket"),
        (".cirrus.yml", "container: {image: 'a:1'}\n", "cirrus"),
        ("a.yaml", "implementation: {container: {image: 'a:1'}}\n", "kubeflow"),
        ("a.yaml", "implementation: {image: 'a:1'}\n", None),
        (".buildkite/a.yml", "- plugins: [{docker#v1: {image: 'a:1'}}]\n", "buildkite"),
        ("a.yml", "steps: [{plugins: [{docker#v1: {image: 'a:1'}}]}]\n", None),
        ("a.yml", "- docker_container: {image: 'a:1'}\n", "ansible"),
        ("a.yml", "# first\n---\n- docker_container: {image: 'a:1'}\n", "ansible"),
        ("a.yml", "tasks:\n- docker_container: {image: 'a:1'}\n", None),
        ("a.yml", "- k8s: {definition: {apiVersion: v1, kind: Pod, spec: {image: 'a:1'}}}\n", "kubernetes"),
        ("a/.pre-commit-hooks.yaml", "- {language: docker_image, entry: a}\n", "pre-commit"),
        ("task-definition.json", '{"containerDefinitions": [{"image": "a:1"}]}', "ecs"),
        ("a.yaml", "- {name: a, image: 'a:1'}\n", None),
        ("a.template", '{"Resources": {"A": {"Type": "AWS::ECS::TaskDefinition"}}}', "cloudformation"),
        ("a.yaml", "Resources: {A: {Type: AWS::Lambda::Function}}\n# AWS::ECS::TaskDefinition", None),
        ("compose.yaml", "services: {a: {image: 'a:1'}}\n", "compose"),
    ],
)
def test_a_file_is_known_by_its_path_or_by_its_root(path: str, text: str, name: str | None) -> None:
    assert claimed(path, text) == name


@pytest.mark.parametrize("name", NAMES)
def test_a_kubernetes_object_is_never_ci(name: str) -> None:
    text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{image: 'a:1'}]}\n"
    text += "jobs: {}\nsteps: []\npipelines: {}\nkos: [{base_image: x}]\nruns: {using: x}\ndefaultBaseImage: docker\n"
    assert by_name(name).locate(Document(PATHS[name], text.encode())) is None
    assert claimed(PATHS[name], text) == "kubernetes"


@pytest.mark.parametrize("name", NAMES)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_taken(name: str, data: bytes) -> None:
    starts = (b"", b"image: ", b"jobs:\n a:\n  container: ", b"steps:\n- name: ", b"container:\n image: ")
    for start in starts:
        by_name(name).locate(Document(PATHS[name], start + data))


SCALARS = st.sampled_from(
    (
        *(
            "node:18",
            "'node:18'",
            '"no\\x64e:18"',
            "docker://a:1",
            "",
            "''",
            "~",
            "3.7",
            "true",
            "*x",
            "&y b:2",
            "[]",
            "{}",
        ),
        *(
            "!reference [a, b]",
            ">-\n          c:3",
            "${{ x }}",
            "$X",
            "a b",
            "!!str 7",
            "!!int 7",
            "é:1",
            "localhost/a:1",
        ),
    )
)


@given(first=SCALARS, second=SCALARS, third=SCALARS)
def test_what_is_found_in_a_workflow_is_what_a_yaml_parser_reads_there(first: str, second: str, third: str) -> None:
    text = (
        "x-a: &x a:1\njobs:\n  a:\n    container: "
        f"{first}\n    services:\n      s: {second}\n      t:\n        image: {third}\n"
    )
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    job = data["jobs"]["a"]
    expected = []
    for named in (job["container"], job["services"]["s"], job["services"]["t"]["image"]):
        value = named.get("image") if isinstance(named, dict) else named
        if isinstance(value, str) and value:
            expected.append(value.removeprefix("docker://"))
    located = look("github", text)
    read = [str(getattr(place, "reference", None) or getattr(place, "text", "")) for place in located.places]
    assert read == expected


def test_a_pin_changes_what_the_parser_reads_there_and_nothing_else() -> None:
    text = (
        "jobs:\n  a:\n    container: 'docker://node:18' # c\n    services:\n      s: &i \"a:1\"\n      t: *i\n"
        "      u:\n        image: >-\n          b\n"
    )
    located = look("github", text)
    data = text.encode()
    after = yaml.safe_load(pinned(data, mentions(located)))
    assert after["jobs"]["a"]["container"].startswith("docker://node:18@sha256:")
    assert after["jobs"]["a"]["services"]["s"] == after["jobs"]["a"]["services"]["t"]
    assert located.outline == look("github", pinned(data, mentions(located)).decode()).outline


def test_json_is_read_as_a_json_parser_reads_it() -> None:
    text = '{"steps":[{"name":"a\\u003a1","env":["\\ud83d\\ude00"]},\n\t{"name":"b\\/c:2","args":[]}],"images":["d"]}'
    located = look("cloudbuild", text, "cloudbuild.json")
    assert found(located) == [step["name"] for step in json.loads(text)["steps"]]
    after = json.loads(pinned(text.encode(), mentions(located)))
    assert [step["name"].partition("@")[0] for step in after["steps"]] == found(located)


def test_a_text_that_something_else_reads_is_a_conflict() -> None:
    text = "a: &i x:1\nenv: {V: *i}\njobs: {a: {container: *i}}\n"
    [skip] = skips(look("github", text))
    assert skip.reason == "arg-conflict"
    assert found(look("woodpecker", "variables: [&i x:1]\nsteps: {a: {image: *i}}\n")) == ["x:1"]
    assert found(look("circleci", "references: {i: &i x:1}\nversion: 2\njobs: {a: {docker: [{image: *i}]}}\n")) == [
        "x:1"
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("gitlab", "image: $A\n", "`$A` is"),
        ("gitlab", "image: a:$[[ inputs.v ]]\n", "`$[[ inputs.v ]]` is"),
        ("github", "jobs: {a: {container: '${{ a }}:${{ b }}'}}\n", "`${{ a }}` is"),
        ("github", "jobs: {a: {container: '${{ a'}}\n", "`${{ a` is"),
        ("azure", "container: $[ x['a'] ]/b:1\n", "`$[ x['a'] ]` is"),
        ("azure", "container: $(x):1\n", "`$(x)` is"),
        ("circleci", "jobs: {a: {docker: [{image: 'a:<< p >>'}]}}\n", "`<< p >>` is"),
        ("goreleaser", "kos: [{base_image: 'a:{{ .X }}'}]\n", "`{{ .X }}` is"),
        ("bitbucket", "image: a:$\n", "`$` is"),
    ],
)
def test_a_skip_says_which_expression_is_filled_in(name: str, text: str, expected: str) -> None:
    [skip] = skips(look(name, text))
    assert skip.detail.startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("image: '{{ cookiecutter.image }}'\n", "templated"),
        ("image: {{ cookiecutter.image }}\n", "templated"),
        ("image: <% image %>\n", "templated"),
        ("image: localhost/a:1\n", "built-elsewhere"),
        ("image: A:1\n", "invalid-reference"),
        ("image: !ref a:1\n", "interpolated-name"),
    ],
)
def test_what_is_no_literal_image_is_skipped(text: str, expected: str) -> None:
    [skip] = skips(look("gitlab", text))
    assert skip.reason == expected


def test_a_text_that_the_file_does_not_spell_out_is_skipped() -> None:
    [skip] = skips(look("gitlab", f"image: a/{'b' * 5000}:1\n"))
    assert skip.reason == "computed"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("a:1", ["a:1"]),
        ("a:1 --flag b:2", ["a:1"]),
        ("--entrypoint /x a:1", ["a:1"]),
        ("--entrypoint=/x -e A=b -v c:d --rm -it a:1 x", ["a:1"]),
        ("--unknown b a:1", ["computed: --unknown b a:1"]),
        ("--rm", ["computed: --rm"]),
        ("a:1'", ["computed: a:1'"]),
        ("--net=a " * 400 + "-", ["computed: " + "--net=a " * 400 + "-"]),
    ],
)
def test_the_image_of_a_hook_is_a_word_of_its_entry(entry: str, expected: list[str]) -> None:
    text = f'repos: [{{hooks: [{{language: docker_image, entry: "{entry}"}}]}}]\n'
    assert found(look("pre-commit", text)) == expected


def test_a_tag_beside_the_name_is_told() -> None:
    text = "- docker_image: {name: a, tag: '1'}\n- docker_image: {name: 'b:1', tag: '1'}\n- docker_image: {name: c}\n"
    assert found(look("ansible", text)) == ["separate-tag: a", "b:1", "c"]


def test_every_dialect_is_a_format() -> None:
    assert {format_.name for format_ in FORMATS if format_.is_dialect} == set(NAMES)


def test_a_value_of_a_variable_is_edited_and_every_reader_reads_it() -> None:
    text = "variables: {V: &v '3'}\na: {image: 'b:$V', services: ['b:${V}'], script: []}\n"
    located = look("gitlab", text)
    assert found(located) == ["b:3", "b:3"]
    assert len({place.span for place in located.places}) == 1
    after = pinned(text.encode(), mentions(located))
    assert yaml.safe_load(after)["variables"]["V"].startswith("3@sha256:")
    again = look("gitlab", after.decode())
    assert [place.reference.digest is not None for place in mentions(again)] == [True, True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("variables: {V: a:1}\na: {image: $V, script: ['echo %V%']}\n", "arg-conflict: a:1"),
        ("variables: {V: a:1, W: $V}\nimage: $V\n", "arg-conflict: a:1"),
        ("include: /ci/b.yml\nvariables: {V: a:1}\nimage: $V\n", "arg-conflict: a:1"),
        ("include: [{local: ci/b.yml}]\nvariables: {V: a:1}\nimage: $V\n", "arg-conflict: a:1"),
        ("include: {local: ci/b.yml}\nvariables: {V: a:1}\nimage: $V\n", "arg-conflict: a:1"),
        ("b: {trigger: {include: ci/b.yml}}\nvariables: {V: a:1}\nimage: $V\n", "arg-conflict: a:1"),
        ("b: {trigger: {include: [{local: b.yml}]}}\nvariables: {V: a:1}\nimage: $V\n", "arg-conflict: a:1"),
        ("include: [{project: b, file: c}]\nvariables: {V: a:1}\nimage: $V\n", "a:1"),
        ("include: ['https://b/c.yml', {template: d}, [e]]\nvariables: {V: a:1}\nimage: $V\n", "a:1"),
        ("include: ci/b.yml\nc: {variables: {V: a:1}, image: $V}\n", "a:1"),
        ("b: {trigger: other/project}\nvariables: {V: a:1}\nimage: $V\n", "a:1"),
        ("variables: {V: &v a:1, W: *v}\nimage: $V\n", "arg-conflict: a:1"),
        ("variables: {V: a:1}\nimage: $V\nx: {parallel: {matrix: [{V: [b:1]}]}}\n", "arg-conflict: a:1"),
        ("variables: {V: ''}\nimage: $V\n", "interpolated-name: $V"),
        ("variables: {V: [a]}\nimage: $V/b\n", "interpolated-name: $V/b"),
        ("variables: [V]\nimage: $V\n", "interpolated-name: $V"),
        ("variables: {V: {description: a}}\nimage: $V\n", "interpolated-name: $V"),
        ("variables: {V: A}\nimage: $V\n", "invalid-reference: A"),
        ("variables: {V: a:1}\nimage: $V$V\n", "interpolated-name: $V$V"),
        ("variables: {V: '" + "a" * 5000 + "'}\nimage: $V\n", "computed: " + "a" * 80),
    ],
)
def test_a_variable_that_cannot_take_a_digest(text: str, expected: str) -> None:
    assert found(look("gitlab", text)) == [expected]


def test_a_matrix_is_that_of_the_job() -> None:
    job = "container: 'a:${{ matrix.v }}', strategy: {matrix: {v: ['%s']}}"
    text = f"jobs: {{a: {{{job % 1}}}, b: {{{job % 2}}}, c: {{container: '${{{{ matrix.v }}}}'}}}}\n"
    assert found(look("github", text)) == ["a:1", "a:2", "interpolated-name: ${{ matrix.v }}"]


OBJECTS = (
    "jobs: {a: {container: '${{ matrix.c.image }}', steps: [{run: 'echo %s'}],"
    " strategy: {matrix: {c: [{image: 'a:1', n: x}, {image: 'b:2', n: y}, {image: [c]}, d]}}}}\n"
)


@pytest.mark.parametrize("read", ["x", "${{ matrix.c.n }}", "${{ matrix.cc }}", "${{ matrix.c.imagex }}"])
def test_a_matrix_of_objects_has_the_images_in_them(read: str) -> None:
    assert found(look("github", OBJECTS % read)) == ["a:1", "b:2"]


@pytest.mark.parametrize(
    "whole", ["matrix.c.image", "toJSON(matrix.c)", "matrix.c.*.n", "matrix.c[0]", "toJSON(matrix)"]
)
def test_an_object_of_a_matrix_that_is_read_otherwise_takes_no_digest(whole: str) -> None:
    assert found(look("github", OBJECTS % f"${{{{ {whole} }}}}")) == ["arg-conflict: a:1", "arg-conflict: b:2"]


MATRIX = "parallel: {matrix: [{V: ['1', '2'], W: [a]}, {V: '3'}, b]}"
TESTED = f"t: {{image: 'g:$V', script: [make], {MATRIX}}}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TESTED, ["g:1", "g:2", "g:3"]),
        (f".b: {{{MATRIX}}}\nt: {{image: 'g:$V', extends: [.b]}}\n", ["g:1", "g:2", "g:3"]),
        (TESTED.replace("make", "echo $V"), [f"arg-conflict: g:{number}" for number in (1, 2, 3)]),
        (f"{TESTED}u: {{needs: ['t: [1, a]']}}\n", ["interpolated-tag: g:$V"]),
        (
            f"{TESTED}u: {{needs: [{{job: t, parallel: {{matrix: [{{V: '1'}}]}}}}]}}\n",
            [f"arg-conflict: g:{number}" for number in (1, 2, 3)],
        ),
        ("t: {image: 'g:$V', parallel: 3, extends: .gone}\n", ["interpolated-tag: g:$V"]),
        (".b: {variables: {V: 'x:1'}, extends: .c}\n.c: {extends: .b}\nt: {image: $V, extends: .b}\n", ["x:1"]),
        (".b: {variables: {V: 'x:1'}}\nt: {image: $V, extends: .b}\nvariables: {V: 'y:1'}\n", ["arg-conflict: x:1"]),
    ],
)
def test_a_job_has_the_variables_of_its_matrix_and_of_what_it_extends(text: str, expected: list[str]) -> None:
    assert found(look("gitlab", text)) == expected


def test_anchored_cycles_end() -> None:
    assert found(look("gitlab", "a: &a {image: $V, b: *a, variables: {V: 'x:1'}}\n")) == ["x:1"]
    assert found(look("cloudbuild", "steps: [&s {name: a, args: [*s, -t, a]}]\n")) == ["a"]
