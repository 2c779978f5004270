from acme import DockerContainer, client

DockerContainer("nginx:1.27")
client.containers.run("nginx:1.27")
image = "nginx:1.27"
