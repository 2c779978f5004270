resource "docker_image" "shown" { name = var.shown }
resource "docker_image" "part" { name = var.part }
resource "docker_image" "two" { name = "redis:${var.two}" }
resource "docker_image" "other" { name = "nginx:${var.two}" }
resource "docker_image" "all" { name = local.images.web }
module "child" {
  source = "./child"
  image  = var.part
}
