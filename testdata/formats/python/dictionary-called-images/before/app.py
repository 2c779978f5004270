from testcontainers.core.container import DockerContainer

import docker

images = {"nginx:1.27": 1}
print(images.get("nginx:1.27"))


class Cache:
    def __init__(self):
        self.images = {}
        self.calls = []

    def look(self):
        self.images.get("nginx:1.27")
        self.create_container("nginx:1.27")
        return self.pull("nginx:1.27")
