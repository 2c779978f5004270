import docker

client = docker.from_env()
NAME = "nginx"
client.images.pull(NAME, tag="1.27")
client.containers.run(NAME)
