resource "docker_image" "a" {
  # pinner: ignore rebuilt every night
  name = "nginx:1"
}
resource "docker_image" "b" {
  name = "nginx:1" # pinner: ignore
}
