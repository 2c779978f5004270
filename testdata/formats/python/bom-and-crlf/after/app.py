from testcontainers.core.container import DockerContainer

# café 🎉
DockerContainer("nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd")  # é
X = "🎉", DockerContainer("redis:latest@sha256:043fcd8be71d902d4ddf8560fc91a1ffa781d035adf79f1b3820ffbf75bf65fc")