# -*- coding: latin-1 -*-
from testcontainers.core.container import DockerContainer

NAME = "café"; DockerContainer("nginx:1.27")
