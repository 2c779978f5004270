variable "image" {
  type    = string
  default = "nginx:1.27" # the proxy
}
variable "redis_version" { default = "7.2" }
variable "registry" { default = "ghcr.io/example" }
variable "app_version" { default = "3" }
variable "without" {}
variable "chain" { default = "alpine:3" }
variable "nobody" { default = "busybox:1" }
locals {
  repository = "quay.io/example"
  images     = { web = "httpd:2.4", "db" = "postgres:16" }
  chained    = var.chain
  circle     = local.circle
}
