from testcontainers.core.container import DockerContainer

DockerContainer("Nginx:1.27")
DockerContainer("<your image>")
DockerContainer("nginx:1.27 ")
DockerContainer("")
DockerContainer("""
nginx:1.27
""")
