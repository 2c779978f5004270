from testcontainers.core.container import DockerContainer

DockerContainer("nginx:1.27@sha256:abababababababababababababababababababababababababababababababab")
DockerContainer("nginx:1.27" "@sha256:abababababababababababababababababababababababababababababababab")
DockerContainer("redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb")
