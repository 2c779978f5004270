from testcontainers.core.generic import DbContainer


class DockerContainer:
    def __init__(self, image):
        self.image = image


DockerContainer("nginx:1.27")
