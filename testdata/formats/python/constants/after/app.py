from typing import Final

from testcontainers.core.container import DockerContainer

PLAIN = "nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd"
ANNOTATED: str = "redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb"
FINAL: Final = ("postgres:16@sha256:87fb687776069f58fae791d3204c99d7d93fc59c5e9217241dc420719264a667")
AGAIN = PLAIN


class Images:
    CACHE = "memcached:1.6@sha256:4fc905d49bc3f6d1a7b93708bc6ae121ddbd3813beb7a5caf5792a714e1905ce"


DockerContainer(PLAIN)
DockerContainer(ANNOTATED)
DockerContainer(FINAL)
DockerContainer(AGAIN)
DockerContainer(Images.CACHE)
print("starting", PLAIN)


def local() -> None:
    image = "alpine:3.20@sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219"
    DockerContainer(image)
