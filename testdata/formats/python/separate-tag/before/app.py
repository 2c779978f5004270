import docker

client = docker.from_env()
client.images.pull("nginx", tag="1.27")
client.images.pull("nginx", "1.27")
client.images.pull("nginx", all_tags=True)
TAG = "1.27"
client.images.pull(repository="nginx", tag=TAG)
