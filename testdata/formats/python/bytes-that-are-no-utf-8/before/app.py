from testcontainers.core.container import DockerContainer

# café
DockerContainer("nginx:1.27")
