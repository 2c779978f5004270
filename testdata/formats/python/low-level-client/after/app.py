from docker import APIClient
from docker.types import ContainerSpec

api = APIClient(base_url="unix://var/run/docker.sock")
api.pull("alpine:3.20@sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219")
box = api.create_container("alpine:3.20@sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219", command=["true"])
spec = ContainerSpec("nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd", env=["A=1"])
