from testcontainers.core.container import DockerContainer

import sys

DockerContainer("python:3.12@sha256:9f39de2cc07aeb65b0c8d87b811d86acce5f86cd7b201b9e906d875b03aa70ff" if sys.platform == "linux" else "python:3.12-windowsservercore@sha256:75086beb020ddf41a724191bcea262791a579f70fb07a5300216e19200a8c614")
