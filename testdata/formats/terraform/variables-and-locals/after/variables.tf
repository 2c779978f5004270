variable "image" {
  type    = string
  default = "nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd" # the proxy
}
variable "redis_version" { default = "7.2@sha256:357908b46a35ecc9700a59b7c497276e7363662db4e11b10c5ec430ab3be39d1" }
variable "registry" { default = "ghcr.io/example" }
variable "app_version" { default = "3@sha256:8167721be64cfec804093bce7ccbd4d02936581722e142d74d5ab92c9078a9e4" }
variable "without" {}
variable "chain" { default = "alpine:3@sha256:9e42819a0aa0fab4ff50a739dc72cfc6ffb3c2f4bcb1159cfa6ec88298f426fa" }
variable "nobody" { default = "busybox:1" }
locals {
  repository = "quay.io/example"
  images     = { web = "httpd:2.4@sha256:b1cd6d713ba2fedb02a9c941edf31dc5a24c972a9323f1f78b4bc9f338d65d10", "db" = "postgres:16@sha256:87fb687776069f58fae791d3204c99d7d93fc59c5e9217241dc420719264a667" }
  chained    = var.chain
  circle     = local.circle
}
