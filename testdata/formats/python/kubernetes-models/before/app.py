from kubernetes import client as k8s
from kubernetes.client import V1EphemeralContainer

container = k8s.V1Container(name="web", image="nginx:1.27")
volume = k8s.V1ImageVolumeSource(reference="ghcr.io/acme/data:1", pull_policy="Always")
debug = V1EphemeralContainer(name="d", image="busybox")
status = k8s.V1ContainerStatus(name="web", image="nginx:1.27", image_id="x", ready=True, restart_count=0)
