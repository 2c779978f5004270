from testcontainers.core.container import DockerContainer

import sys

DockerContainer("python:3.12" if sys.platform == "linux" else "python:3.12-windowsservercore")
