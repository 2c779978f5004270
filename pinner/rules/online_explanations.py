"""Explanations of the rules that registries are asked for.

Plain Markdown, as in `explanations`.
"""

from __future__ import annotations

from pinner.rules.explanation import Explanation

ONLINE_EXPLANATIONS = {
    "PIN101": Explanation(
        what="""\
The tag means another digest by now than the one written beside it. It takes `pinner check --online`
to tell.""",
        why="""\
What is pinned stays what it was, security fixes that the tag has got since not included. A pin that
nobody moves is a slow way of running old software.""",
        mend="""\
Move it, look at the change, and test what comes of it:

```console
$ pinner update --diff
$ pinner update
```

`pinner update --only 'nginx'` moves some images alone.""",
        silence="""\
Silence it with a date, `until=2027-01-31`, where a move has to wait: it speaks up again by itself.""",
    ),
    "PIN102": Explanation(
        what="""\
The registry does not serve the digest any more, or does not serve it to you. It takes `pinner check
--online` to tell.""",
        why="""\
The next build or deployment on a machine that has no copy fails. Registries delete manifests that
no tag points at, some of them after days.""",
        mend="""\
Move the reference to what its tag means now:

```console
$ pinner update
```

Where that very image is needed, push it from a machine that has it to a repository of your own,
under a tag that stays, and name that one. Where the image is there and others can pull it, log in:
a registry says the same of what is secret and of what is gone.""",
        silence="""\
Silence it for an image that is only ever loaded from a file.""",
    ),
    "PIN103": Explanation(
        what="""\
The digest names something else than a pin should. Either one platform's manifest, while the tag
names an index that serves several (a warning); or an image ID, the digest of a config, which is
what `docker images` shows and no registry pulls by (an error). It takes `pinner check --online` to
tell.""",
        why="""\
A platform's manifest breaks the build on every other architecture, or makes it run under emulation.
An image ID cannot be pulled at all: it works on the machine that has the image, and fails on every
other.""",
        mend="""\
Move one platform's manifest to the index of all; an image ID becomes what the tag means:

```console
$ pinner update --index Dockerfile
```

`pinner identify sha256:…` says what a hash is and which name it belongs to.""",
        silence="""\
Silence it where one platform is meant, as after `pinner pin --platform linux/arm64`.""",
    ),
    "PIN104": Explanation(
        what="""\
A platform that the configuration requires (`platforms` in `pinner.toml`) is not among those of the
image. It takes `pinner check --online` to tell.""",
        why="""\
The build, or the pod on a node of that architecture, fails with `no match for platform` or `exec
format error`, long after the review of the line that caused it.""",
        mend="""\
Take a tag or an image that has the platform; `pinner inspect IMAGE` lists what an image has. Where
the project does not run there any more, take the platform off the list:

```toml
platforms = ["linux/amd64", "linux/arm64"]
```""",
        silence="""\
Silence it for an image of a build stage that runs on the build machine alone.""",
    ),
    "PIN105": Explanation(
        what="""\
The digest does not belong to the repository that it is written beside: the registry does not know
it there, while the reference reads as if its tag had meant it. It takes `pinner check --online` to
tell.""",
        why="""\
The tag is for people, the digest decides: `nginx:1.27@sha256:…` with the digest of another image
runs that other image, and looks like nginx in every review. A digest copied to the wrong line does
it, and so does malice.""",
        mend="""\
Find out where the digest came from before anything else (`git log -S sha256:… -- FILE`, and `pinner
identify sha256:…`). Then let pinner write the one that the tag means:

```console
$ pinner unpin Dockerfile
$ pinner pin Dockerfile
```""",
        silence="""\
There is hardly a reason to silence it; a mirror that lost its history may be one.""",
    ),
    "PIN111": Explanation(
        what="""\
The registry does not know the tag any more; the digest beside it is still served.""",
        why="""\
The image can be pulled today. Yet nothing says what to follow: `pinner update` finds no newer digest
under this tag, and registries that clean up remove untagged manifests sooner or later.""",
        mend="""\
Move to a tag that is still maintained, and pin that:

```console
$ pinner inspect NAME
```""",
        silence="""\
Silence it where you keep that very image on purpose and the registry promises to keep it.""",
    ),
}
