# pinner: ignore-file
from testcontainers.core.container import DockerContainer

DockerContainer("nginx:1.27")
