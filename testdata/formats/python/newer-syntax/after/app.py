from testcontainers.core.container import DockerContainer

type Pair[T] = tuple[T, T]


def start[T: DockerContainer](kind: type[T]) -> Pair[T]:
    print(f"{", ".join(["é", "b"])} 🎉")
    DockerContainer("nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd")


try:
    start(DockerContainer)
except ValueError, TypeError:
    DockerContainer("redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb")
