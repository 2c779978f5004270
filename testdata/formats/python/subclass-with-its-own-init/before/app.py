from testcontainers.core.container import DockerContainer



class Tagged(DockerContainer):
    def __init__(self, image):
        super().__init__(f"{image}:1.27")


Tagged(image="nginx")
