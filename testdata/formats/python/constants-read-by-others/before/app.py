from testcontainers.core.container import DockerContainer

import subprocess

SPLIT = "nginx:1.27"
DockerContainer(SPLIT)
name, _, tag = SPLIT.partition(":")

LONGER = "redis:7"
DockerContainer(LONGER)
print(f"{LONGER}", LONGER)
DockerContainer(f"{LONGER}-alpine")

EQUAL = "postgres:16"
DockerContainer(EQUAL)
assert DockerContainer(EQUAL).image == EQUAL

RUN = "busybox:1.37"
DockerContainer(RUN)
subprocess.run(["docker", "run", RUN], check=True)


def start(image="httpd:2.4"):
    short = image.split(":")[0]
    return DockerContainer(image), short
