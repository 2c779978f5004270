from testcontainers.core.container import DockerContainer

DockerContainer("nginx:1.27@sha256:abababababababababababababababababababababababababababababababab")
DockerContainer("nginx:1.27" "@sha256:abababababababababababababababababababababababababababababababab")
DockerContainer("redis:7.4")
