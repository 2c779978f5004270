import docker

client = docker.from_env()
print client.containers.run("nginx:1.27")
