import docker

client = docker.from_env()
client.images.build(path=".", tag="acme/app:dev")
client.containers.run("acme/app:dev")
APP = "acme/other:dev"
client.images.build(path="other", tag=APP)
client.containers.run(APP)
