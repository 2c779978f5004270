import docker

client = docker.from_env()


def start() -> None:
    client.containers.run("redis:7.4", detach=True)
    client.containers.create(image="postgres", name="db")
    client.images.pull("ghcr.io/acme/tool:1.0")
    client.services.create("nginx:1.27")
    docker.from_env().containers.run(command="true", image='busybox:1.37')
