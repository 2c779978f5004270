terraform {
  required_providers {
    docker = {
      source  = "kreuzwerker/docker"
      version = "~> 3.0"
    }
  }
}

resource "docker_image" "web" {
  name         = "nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd" # the proxy
  keep_locally = true
}

resource "docker_container" "web" {
  image = docker_image.web.image_id
  name  = "web"
}

resource "docker_container" "cache" {
  image = "redis:7@sha256:a0ed741ac6ba1c5759e6d93b088e5e315e089f8a2a6a17a0c16f6456ff434700"
  name  = "nginx:1.27"
}

resource "docker_service" "db" {
  name = "postgres:16"
  task_spec {
    container_spec {
      image = "postgres:16@sha256:87fb687776069f58fae791d3204c99d7d93fc59c5e9217241dc420719264a667"
      env   = { IMAGE = "postgres:16" }
    }
  }
}

data "docker_registry_image" "base" {
  name = "ubuntu:latest@sha256:b68304d63fad7718d8983d6b8118f956b7d6a44baf27ac3dac773a3eb49ac850"
}

resource "docker_buildx_builder" "builder" {
  docker_container {
    image = "moby/buildkit:v0.22.0@sha256:0921d30a21a1f2fed8c93f5cba5ed1d7025aa7716a40a76d7cb4ee1af9271868"
  }
}
