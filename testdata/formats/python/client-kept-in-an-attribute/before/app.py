import docker


class Runner:
    def __init__(self) -> None:
        self._client = docker.DockerClient()

    def start(self) -> None:
        self._client.images.get("redis:7.4")
        self._client.api.create_container(image="redis:7.4")


def handed_in(engine: docker.DockerClient) -> None:
    engine.images.get("memcached:1.6")
