resource "docker_image" "built" {
  name = "acme/app:${local.version}"
  build {
    context    = "."
    build_args = { BASE = "alpine" }
  }
}
resource "docker_image" "pulled" {
  name          = "redis:7"
  keep_locally  = true
  pull_triggers = ["build"]
}
data "docker_image" "build" {
  name = "alpine:3.20"
}
resource "docker_container" "php" {
  image = "php:${local.version}"
}
locals {
  version = "8"
}
