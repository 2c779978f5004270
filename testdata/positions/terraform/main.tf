variable "redis" {
  default = "redis:7"
}
variable "go" {
  type = string
}
resource "docker_image" "redis" {
  name = var.redis
}
resource "docker_container" "go" {
  image = "golang:${var.go}"
}
resource "docker_container" "php" {
  image = "php:8"
}
resource "docker_service" "web" {
  task_spec {
    container_spec {
      image = "nginx:1.27"
    }
  }
}
resource "docker_buildx_builder" "one" {
  docker_container {
    image = "moby/buildkit:v0.16.0"
  }
  kubernetes {
    image = "moby/buildkit:v0.16.0"
  }
}
data "docker_image" "alpine" {
  name = "alpine:3.20"
}
data "docker_registry_image" "php" {
  name = "php:8"
}
resource "kubernetes_deployment" "web" {
  spec {
    template {
      spec {
        container {
          image = "nginx:1.27"
        }
        init_container {
          image = "busybox:1.36"
        }
      }
    }
  }
}
resource "kubernetes_manifest" "pod" {
  manifest = {
    spec = {
      containers          = [{ image = "nginx:1.27" }]
      initContainers      = [{ image = "busybox:1.36" }]
      ephemeralContainers = [{ image = "alpine:3.20" }]
    }
  }
}
resource "google_cloud_run_v2_service" "web" {
  template {
    containers {
      image = "us-docker.pkg.dev/cloudrun/container/hello:1"
    }
  }
}
resource "azurerm_container_group" "web" {
  container {
    image = "nginx:1.27"
  }
  init_container {
    image = "busybox:1.36"
  }
}
resource "aws_ecs_task_definition" "web" {
  container_definitions = jsonencode([{ image = "nginx:1.27" }])
}
resource "aws_batch_job_definition" "job" {
  container_properties = jsonencode({ image = "python:3.12" })
  node_properties      = jsonencode({ nodeRangeProperties = [{ container = { image = "ruby:3.3" } }] })
  ecs_properties       = jsonencode({ taskProperties = [{ containers = [{ image = "perl:5" }] }] })
  eks_properties {
    pod_properties {
      containers {
        image = "node:20"
      }
      init_containers {
        image = "busybox:1.36"
      }
    }
  }
}
resource "google_compute_instance" "machine" {
  boot_disk {
    initialize_params {
      image = "debian-cloud/debian-12"
    }
  }
}
