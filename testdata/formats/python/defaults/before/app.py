import os
from os import environ, getenv

from testcontainers.core.container import DockerContainer


class Cache(DockerContainer):
    def __init__(self, image: str = "redis:7.4", *, port: int = 6379) -> None:
        super().__init__(image=image)


def start(image="nginx:1.27"):
    return DockerContainer(image)


DockerContainer(os.environ.get("WEB_IMAGE", "httpd:2.4"))
DockerContainer(environ.get("DB_IMAGE", "mysql:9"))
DockerContainer(getenv("TOOL_IMAGE", default="busybox:1.37"))
DockerContainer(os.getenv("MAIL_IMAGE") or "mailhog/mailhog:v1.0.1")
