resource "docker_image" "a" {
  name = "nginx:1"
}
resource "null_resource" "b" {
  value = <<EOT
  text
}
resource "docker_image" "c" {
  name = "redis:7"
}
