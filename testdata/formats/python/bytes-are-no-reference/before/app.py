from testcontainers.core.container import DockerContainer

DockerContainer(b"nginx:1.27")
DockerContainer(b"nginx" b":1.27")
DockerContainer(1)
