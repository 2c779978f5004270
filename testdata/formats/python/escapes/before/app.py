from testcontainers.core.container import DockerContainer

DockerContainer("nginx\x3a1.27")
DockerContainer("nginx:1.2\67")
DockerContainer("nginx\N{COLON}1.27")
DockerContainer("\u006eginx")
