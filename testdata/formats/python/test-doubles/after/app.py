"""Doubles of a client, and the client itself."""

from unittest.mock import create_autospec, patch

import docker


def test_with_patch():
    with patch("docker.from_env") as from_env:
        from_env.containers.run("nginx:1.27")
        from_env.return_value.containers.run("nginx:1.27")


def test_with_a_fixture(mocker, mock_client):
    client = mocker.patch("docker.from_env").return_value
    client.containers.run("nginx:1.27")
    mock_client.containers.run("nginx:1.27")


def test_with_a_specification():
    client = create_autospec(docker.DockerClient)
    client.images.pull("nginx:1.27")


def test_with_the_engine(client: "docker.DockerClient"):
    client.images.get("nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd")
