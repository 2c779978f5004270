from testcontainers.core.container import DockerContainer

type Pair[T] = tuple[T, T]


def start[T: DockerContainer](kind: type[T]) -> Pair[T]:
    print(f"{", ".join(["é", "b"])} 🎉")
    DockerContainer("nginx:1.27")


try:
    start(DockerContainer)
except ValueError, TypeError:
    DockerContainer("redis:7.4")
