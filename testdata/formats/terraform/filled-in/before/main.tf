resource "docker_image" "tag" { name = "nginx:${var.version}" }
resource "docker_image" "name" { name = "${var.registry}/nginx:1" }
resource "docker_image" "directive" { name = "nginx%{ if var.alpine }:alpine%{ endif }" }
resource "docker_image" "unknown" { name = var.image }
resource "docker_image" "worked_out" { name = var.alpine ? "nginx:alpine" : "nginx:1" }
resource "docker_image" "called" { name = format("nginx:%s", var.version) }
resource "docker_image" "other" { name = data.docker_registry_image.base.name }
resource "docker_image" "module" { name = module.images.nginx }
resource "docker_image" "escaped" { name = "nginx:$${version}" }
resource "docker_image" "heredoc" {
  name = <<EOF
nginx:1
EOF
}
