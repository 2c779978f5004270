from typing import Final

from testcontainers.core.container import DockerContainer

PLAIN = "nginx:1.27"
ANNOTATED: str = "redis:7.4"
FINAL: Final = ("postgres:16")
AGAIN = PLAIN


class Images:
    CACHE = "memcached:1.6"


DockerContainer(PLAIN)
DockerContainer(ANNOTATED)
DockerContainer(FINAL)
DockerContainer(AGAIN)
DockerContainer(Images.CACHE)
print("starting", PLAIN)


def local() -> None:
    image = "alpine:3.20"
    DockerContainer(image)
