variable "ALPINE" {
  default = "alpine:3.20"
}
target "app" {
  contexts = { base = "docker-image://${ALPINE}", tools = "docker-image://ruby:3.3" }
  args     = { VERSION = "3.12" }
}
target "inline" {
  dockerfile-inline = <<EOT
# syntax=docker/dockerfile:1.7
FROM busybox:1.36
RUN --mount=type=bind,from=node:20,target=/node true
COPY --from=golang:1.22 /usr/local/go /go
EOT
}
