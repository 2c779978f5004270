# -*- coding: latin-1 -*-
from testcontainers.core.container import DockerContainer

NAME = "café"; DockerContainer("nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd")
