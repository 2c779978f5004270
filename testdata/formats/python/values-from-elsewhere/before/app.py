from testcontainers.core.container import DockerContainer

import os

from settings import IMAGE, IMAGES


def start(image, **options):
    DockerContainer(image)
    DockerContainer(**options)
    DockerContainer(*options)
    DockerContainer(IMAGE)
    DockerContainer(IMAGES["nginx"])
    DockerContainer(os.environ["IMAGE"])
    DockerContainer(os.environ.get("IMAGE"))
    DockerContainer(None)
    DockerContainer()
