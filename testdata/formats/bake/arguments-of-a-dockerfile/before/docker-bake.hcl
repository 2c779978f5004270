variable "DEBIAN" { default = "bookworm" }
target "_common" {
  args = { BASE = "debian:${DEBIAN}", UNUSED = "nginx:1" }
}
target "app" {
  inherits = ["_common"]
  context  = "app"
  args     = { NODE = "node:22" }
}
