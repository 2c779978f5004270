resource "docker_image" "a" { name = var.image }
