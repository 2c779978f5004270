variable "ALPINE" { default = "3.20@sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219" }
target "app" {
  contexts = {
    base  = "docker-image://alpine:${ALPINE}"
    tools = "docker-image://ghcr.io/example/tools:1@sha256:6e63668e43ae346b2af7b3dfee9013a9aa5f7961e0e26ce03af5d10d74937517"
    db    = "docker-image://registry.example.com/db:1"
    other = "target:db"
    src   = "https://example.com/src.git"
    dir   = "../alpine:3"
  }
}
target "db" {
  tags = ["registry.example.com/db:1"]
}
