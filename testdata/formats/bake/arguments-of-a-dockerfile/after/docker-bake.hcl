variable "DEBIAN" { default = "bookworm@sha256:fc862dd5e686a306f1ecf1162dec15c49909b0aea52a22511aa48ceb0eb6b231" }
target "_common" {
  args = { BASE = "debian:${DEBIAN}", UNUSED = "nginx:1" }
}
target "app" {
  inherits = ["_common"]
  context  = "app"
  args     = { NODE = "node:22@sha256:281a10c019b1128790759ddb0165cb537a522a02827ee49f6170c50cb814fc1f" }
}
