from unittest.mock import MagicMock, Mock

import docker
import pytest

client = MagicMock(spec=docker.DockerClient)
client.containers.run("nginx:1.27")
client.containers.run.assert_called_with("nginx:1.27")
client.containers.run.assert_called_once_with(image="nginx:1.27")
docker.from_env = Mock()


class Fake:
    def pull(self, name):
        return name


fake = Fake()
fake.images.pull("nginx:1.27")
