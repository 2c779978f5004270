from testcontainers.core.container import DockerContainer



class Runner:
    image = "nginx:1.27"

    def start(self):
        return DockerContainer(self.image)


runner = Runner()
runner.image = "nginx:1.26"
