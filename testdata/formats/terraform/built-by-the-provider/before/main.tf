resource "docker_image" "built" {
  name = "acme/app:1"
  build {
    context = "."
  }
}
resource "docker_image" "built_from_a_name" {
  name = "${var.registry}/acme/app:${var.tag}"
  build {
    context    = "."
    dockerfile = "Dockerfile"
  }
}
resource "docker_image" "built_if" {
  name = local.name
  dynamic "build" {
    for_each = var.build ? [1] : []
    content {
      context = "."
    }
  }
}
resource "docker_container" "app" {
  image = docker_image.built.image_id
}
variable "registry" {
  default = "ghcr.io"
}
variable "tag" {
  default = "1"
}
locals {
  name = "acme/worker:1"
}
