resource "docker_image" "c" { name = var.image }
