from testcontainers.core.container import DockerContainer

x = 1
DockerContainer("nginx:1.27")
