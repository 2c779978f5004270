"""One text under two names, and two texts in one statement."""

import docker

client = docker.from_env()

IMAGE = FALLBACK = "redis:7@sha256:a0ed741ac6ba1c5759e6d93b088e5e315e089f8a2a6a17a0c16f6456ff434700"
client.containers.run(IMAGE)
client.containers.run(FALLBACK)

DATABASE = LABEL = "postgres:16"
client.containers.run(DATABASE)
version = LABEL.split(":")[1]

WEB, CACHE = "nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd", "memcached:1.6@sha256:4fc905d49bc3f6d1a7b93708bc6ae121ddbd3813beb7a5caf5792a714e1905ce"
client.containers.run(WEB)
client.containers.run(CACHE)

client.containers.run(shell := "alpine:3.20")
log(shell.upper())
