variable "ALPINE" { default = "3.20" }
target "app" {
  contexts = {
    base  = "docker-image://alpine:${ALPINE}"
    tools = "docker-image://ghcr.io/example/tools:1"
    db    = "docker-image://registry.example.com/db:1"
    other = "target:db"
    src   = "https://example.com/src.git"
    dir   = "../alpine:3"
  }
}
target "db" {
  tags = ["registry.example.com/db:1"]
}
