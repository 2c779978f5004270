"""Rule explanations: what each rule means, why, and how to fix it.

Plain Markdown: paragraphs, fenced blocks, code spans; `pages` puts them together.
"""

from __future__ import annotations

from pinner.rules.explanation import Explanation
from pinner.rules.online_explanations import ONLINE_EXPLANATIONS

EXPLANATIONS = {
    "PIN001": Explanation(
        what="""\
The reference names an image by its tag alone, or without even a tag. A tag can be moved by whoever
may push to the repository; a digest is the hash of what it names and cannot.""",
        why="""\
Two builds of the same commit may start from different images, so what was tested need not be what
runs. Who takes over an account at the registry changes every image built afterwards, and nothing in
the repository shows it.""",
        mend="""\
Let pinner ask the registry what the tag means and write the digest beside it:

```console
$ pinner pin Dockerfile
```

```diff
-FROM nginx:1.27
+FROM nginx:1.27@sha256:0b70813d480116c44956689a29c59070ff8cc8cf696470a39ef1b6647c050daa
```

The tag stays, for people and for `pinner update`, which moves the digest when the tag moves. An
untagged `nginx` becomes `nginx:latest@sha256:…`, so that the tag that is followed is visible.""",
        silence="""\
Silence it for an image that is built on the machine that uses it: no registry has a digest of it.
Where `pinner.lock` holds the image, and the configuration does not say otherwise, it is a note.""",
    ),
    "PIN002": Explanation(
        what="""\
The reference is pinned, `repository@sha256:…`, and has no tag beside its digest.""",
        why="""\
The image is certain, yet nothing says which release it is, and `pinner update` has no tag to
follow: the digest ages until somebody looks. Where both are given, the digest decides and the tag
is for people and tools.""",
        mend="""\
Write the tag that the digest was taken from before the `@`:

```diff
-FROM nginx@sha256:0b70813d480116c44956689a29c59070ff8cc8cf696470a39ef1b6647c050daa
+FROM nginx:1.27@sha256:0b70813d480116c44956689a29c59070ff8cc8cf696470a39ef1b6647c050daa
```

`pinner check --online` tells whether the digest belongs to that repository.""",
        silence="""\
Silence it for an image that is never to move. As a note it fails no run unless `--fail-on note`
asks for that.""",
    ),
    "PIN003": Explanation(
        what="""\
The reference cannot hold a digest where it stands, and a person should look at it. The message
names the reason: `interpolated-tag` and `interpolated-name` (a variable decides after the last
literal character), `no-default` (an `ARG` without a default), `arg-conflict` (one default, or one
anchor, that two uses need differently), `platform-arg`, `computed`, `templated`, `separate-tag`,
`onbuild-ambiguous`, `invalid-reference` and the like.""",
        why="""\
What cannot be pinned follows its tag, whatever else is pinned. A digest written there all the same
would be ignored, or would stop the variable from having an effect; so pinner leaves it alone and
says so.""",
        mend="""\
Let the reference end in a literal. Where a variable stands in the middle, give the whole reference
a default:

```diff
-ARG VERSION=3.12
-FROM python:${VERSION}-slim
+ARG TAG=3.12-slim
+FROM python:${TAG}
```

Now the digest has a place: `pinner pin` writes `ARG TAG=3.12-slim@sha256:…`, and who overrides
`TAG` drops the digest instead of being ignored. Give an `ARG` without a default one; give two uses
that need different digests an `ARG` (or anchor) each; for kustomize write `digest:` in the place of
`newTag:`.""",
        silence="""\
Silence it where the variable is the point, such as an image name that only CI knows, and pin where
the value comes from.""",
    ),
    "PIN004": Explanation(
        what="""\
The file and `pinner.lock` disagree: the file holds another digest for a tag than the lock, or names
an image that the lock lacks or does not list for it; or the lock holds what no file names any more.""",
        why="""\
The lock is what `pinner pin --locked` and `pinner export` work from. Where it and a file differ,
two tools take two images for one tag, and a review of the lock does not cover what runs.""",
        mend="""\
Where the file is right, the image is new, or nobody names it any more, bring the lock up to date
and commit both:

```console
$ pinner lock
```

Where the lock is right, bring the file back to it, without a network:

```console
$ pinner pin --locked
```

`pinner update` moves both.""",
        silence="""\
Silence it for a reference that is meant to differ from the rest of the tree.""",
    ),
    "PIN005": Explanation(
        what="""\
The file, or one of the documents in it, cannot be read as what its name says: YAML that does not
parse, a Dockerfile that no builder accepts. The message names what was expected and where.""",
        why="""\
References in that part are not seen: nothing says whether they are pinned. The other documents and
files were looked at as usual.""",
        mend="""\
Mend the file; the line and column lead there. A template (Helm, Jinja) under the name of a YAML
file is no file for pinner: leave it out in `pinner.toml`, and check what it renders to:

```toml
exclude = ["charts/*/templates/**"]
```""",
        silence="""\
A comment may be out of reach in a file that does not parse: `exclude` is the better way.""",
    ),
    "PIN006": Explanation(
        what="""\
An image is named, and what it is, is decided by something that is not in the repository: a variable
of the environment, a template that is filled in later, a value that a caller hands over.""",
        why="""\
Nobody can tell from the files whether what runs is held to a digest. It is a note: there is nothing
to mend here as long as whoever decides holds the image to one.""",
        mend="""\
Give the variable a default in the file, or the whole image where it is decided, with its digest.
`pinner check --strict` fails on every image that is not held to a digest.""",
        silence="""\
Notes fail no run unless `--fail-on note` or `--strict` asks for it.""",
    ),
    "PIN007": Explanation(
        what="""\
The text has an `@` or `:sha256:` in it, as a pinned reference has, and is none: the digest is too
short or too long, stands in the place of the tag, or is followed by more.""",
        why="""\
Nothing can pull this text. It looks pinned to a reader, and fails when it is deployed.""",
        mend="""\
Write `name:tag@sha256:` and the 64 hex digits; let pinner do it:

```console
$ pinner pin
```""",
        silence="""\
Silence it where the text is no image although it stands in an image's place.""",
    ),
    "PIN008": Explanation(
        what="""\
A comment `pinner: ignore` silences nothing: no image stands on its line or below it, or none of the
rules that it names is broken there.""",
        why="""\
It was written for something that is mended or gone. The next image that comes to that place would be
silenced without anybody having decided it.""",
        mend="""\
Remove the comment. A comment that names rules of `--online` or of the lock is left alone, for it is
those runs that it is about.""",
        silence="""\
Turn the rule off in the configuration where such comments are generated.""",
    ),
    "PIN009": Explanation(
        what="""\
The image holds a digest, and what is built or rendered does not use it: a kustomize overlay gives it
another name or tag, a build argument another value, an override another image.""",
        why="""\
The file says that the image is held, and it is not: the one that is decided elsewhere runs. Where only
the name is replaced, the digest belongs to another image than the one that it stands beside then.""",
        mend="""\
Hold the image to a digest where it is decided; the message names the file and line. `pinner pin` does
it there, and `pinner unpin` takes this one off.""",
        silence="""\
Silence it where the file is also used by itself, and the digest counts then.""",
    ),
    "PIN010": Explanation(
        what="""\
The image is built here, and the name that its build gets holds a digest: in a compose file a
service has `build:`, and its `image:` reads `name:tag@sha256:…`.""",
        why="""\
A build cannot be given a digest for its name: the digest is the hash of what the build makes. `docker
compose build` refuses the name, and `docker compose up` does too as soon as it has to build.""",
        mend="""\
Take the digest off; `pinner unpin` does. Where the image is to be pulled and not built, remove
`build:` instead.""",
        silence="""\
Silence it where another tool strips the digest before compose reads the file.""",
    ),
    **ONLINE_EXPLANATIONS,
}
