#!/usr/bin/env python
# vim: set fileencoding=cp1251 :
from testcontainers.core.container import DockerContainer

x = "привет"; DockerContainer("nginx:1.27")
