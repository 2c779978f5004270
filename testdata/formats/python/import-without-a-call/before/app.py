import docker
from testcontainers.core.container import DockerContainer

IMAGE = "nginx:1.27"
run = lambda image="nginx:1.27": image
