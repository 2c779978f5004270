import docker


class Runner:
    def __init__(self) -> None:
        self._client = docker.DockerClient()

    def start(self) -> None:
        self._client.images.get("redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb")
        self._client.api.create_container(image="redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb")


def handed_in(engine: docker.DockerClient) -> None:
    engine.images.get("memcached:1.6@sha256:4fc905d49bc3f6d1a7b93708bc6ae121ddbd3813beb7a5caf5792a714e1905ce")
