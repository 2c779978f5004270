resource "docker_image" "child" { name = var.image }
variable "image" {}
