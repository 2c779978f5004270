from kubernetes import client as k8s
from kubernetes.client import V1EphemeralContainer

container = k8s.V1Container(name="web", image="nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd")
volume = k8s.V1ImageVolumeSource(reference="ghcr.io/acme/data:1@sha256:d258a985e4a06adc61b4a9e63938b063c7a5ee56015ff55c63e24290d233dbb5", pull_policy="Always")
debug = V1EphemeralContainer(name="d", image="busybox:latest@sha256:de68ccc327e508f44a3a150fc877a442581bb03dd53e24b418fbc425ece79d52")
status = k8s.V1ContainerStatus(name="web", image="nginx:1.27", image_id="x", ready=True, restart_count=0)
