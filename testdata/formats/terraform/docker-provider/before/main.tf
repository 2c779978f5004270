terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

resource "docker_image" "web" {
  name         = "nginx:1.27" # the proxy
  keep_locally = true
}

resource "docker_container" "web" {
  image = docker_image.web.image_id
  name  = "web"
}

resource "docker_container" "cache" {
  image = "redis:7"
  name  = "nginx:1.27"
}

resource "docker_service" "db" {
  name = "postgres:16"
  task_spec {
    container_spec {
      image = "postgres:16"
      env   = { IMAGE = "postgres:16" }
    }
  }
}

data "docker_registry_image" "base" {
  name = "ubuntu"
}

resource "docker_buildx_builder" "builder" {
  docker_container {
    image = "moby/buildkit:v0.22.0"
  }
}
