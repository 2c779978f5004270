resource "docker_image" "built" {
  name = "acme/app:${local.version}"
  build {
    context    = "."
    build_args = { BASE = "alpine" }
  }
}
resource "docker_image" "pulled" {
  name          = "redis:7@sha256:a0ed741ac6ba1c5759e6d93b088e5e315e089f8a2a6a17a0c16f6456ff434700"
  keep_locally  = true
  pull_triggers = ["build"]
}
data "docker_image" "build" {
  name = "alpine:3.20@sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219"
}
resource "docker_container" "php" {
  image = "php:${local.version}"
}
locals {
  version = "8"
}
