from testcontainers.core.container import DockerContainer

DockerContainer("nginx:1.27")  # pinner: ignore
# pinner: ignore[PIN001] built by the job before
DockerContainer("redis:7.4")
IMAGE = "postgres:16"  # pinner: ignore
DockerContainer(IMAGE)
