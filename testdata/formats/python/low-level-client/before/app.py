from docker import APIClient
from docker.types import ContainerSpec

api = APIClient(base_url="unix://var/run/docker.sock")
api.pull("alpine:3.20")
box = api.create_container("alpine:3.20", command=["true"])
spec = ContainerSpec("nginx:1.27", env=["A=1"])
