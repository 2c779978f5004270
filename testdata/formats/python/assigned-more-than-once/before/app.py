from testcontainers.core.container import DockerContainer

import sys

IMAGE = "nginx:1.27"
if sys.platform == "win32":
    IMAGE = "nginx:1.27-windows"
DockerContainer(IMAGE)

COUNTED = "redis:7"
COUNTED += ".4"
DockerContainer(COUNTED)


def other():
    global CHANGED
    CHANGED = "b:2"


CHANGED = "a:1"
DockerContainer(CHANGED)
for LOOP in ("a:1", "b:2"):
    DockerContainer(LOOP)
