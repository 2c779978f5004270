from testcontainers.core.container import DockerContainer  # DockerContainer("nginx:1.27")
"""
>>> DockerContainer("nginx:1.27")
"""
EXAMPLE = 'DockerContainer("nginx:1.27")'
