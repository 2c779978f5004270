variable "DEBIAN" { default = "bookworm" }
target "app" {
  args = { BASE = "debian:${DEBIAN}" }
  tags = ["registry.example.com/app:${DEBIAN}"]
}
