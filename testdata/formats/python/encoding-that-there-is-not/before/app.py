# coding: klingon
from testcontainers.core.container import DockerContainer

DockerContainer("nginx:1.27")
