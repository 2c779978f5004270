from testcontainers.core.container import DockerContainer

V = "1.27"
DockerContainer(f"nginx:{V}")
DockerContainer("nginx:" + V)
DockerContainer("nginx:%s" % V)
DockerContainer("nginx:{}".format(V))
DockerContainer(":".join(["nginx", V]))
