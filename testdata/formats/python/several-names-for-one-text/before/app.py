"""One text under two names, and two texts in one statement."""

import docker

client = docker.from_env()

IMAGE = FALLBACK = "redis:7"
client.containers.run(IMAGE)
client.containers.run(FALLBACK)

DATABASE = LABEL = "postgres:16"
client.containers.run(DATABASE)
version = LABEL.split(":")[1]

WEB, CACHE = "nginx:1.27", "memcached:1.6"
client.containers.run(WEB)
client.containers.run(CACHE)

client.containers.run(shell := "alpine:3.20")
log(shell.upper())
