import docker

client = docker.from_env()


def start() -> None:
    client.containers.run("redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb", detach=True)
    client.containers.create(image="postgres:latest@sha256:30339a46aad1b3f292422e91e3b8c703dc24630c6e05da1bbcd5a5e9d0f33be9", name="db")
    client.images.pull("ghcr.io/acme/tool:1.0@sha256:2d6bceaef0423e248a14eb01430cbfe730d51728aa3b2ff2fc324a6c1427b5c8")
    client.services.create("nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd")
    docker.from_env().containers.run(command="true", image='busybox:1.37@sha256:b606ab8238fb2ffb1f1bfea94c26a87238623870cb315cf440156192c92ccd19')
