import os
from os import environ, getenv

from testcontainers.core.container import DockerContainer


class Cache(DockerContainer):
    def __init__(self, image: str = "redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb", *, port: int = 6379) -> None:
        super().__init__(image=image)


def start(image="nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd"):
    return DockerContainer(image)


DockerContainer(os.environ.get("WEB_IMAGE", "httpd:2.4@sha256:b1cd6d713ba2fedb02a9c941edf31dc5a24c972a9323f1f78b4bc9f338d65d10"))
DockerContainer(environ.get("DB_IMAGE", "mysql:9@sha256:4e53fbac94dd3a98c6e62ff3cc5a79ec45685f6ff700ccef93ad74e8b96e7f87"))
DockerContainer(getenv("TOOL_IMAGE", default="busybox:1.37@sha256:b606ab8238fb2ffb1f1bfea94c26a87238623870cb315cf440156192c92ccd19"))
DockerContainer(os.getenv("MAIL_IMAGE") or "mailhog/mailhog:v1.0.1@sha256:40c1c05dad26bb46c1a628d670efc6486de957000a7be282777d08cc8890f712")
