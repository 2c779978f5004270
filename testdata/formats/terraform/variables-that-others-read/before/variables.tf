variable "shown" { default = "nginx:1" }
variable "part" { default = "nginx:2" }
variable "two" { default = "7" }
locals {
  images = { web = "httpd:2.4" }
  names  = keys(local.images)
}
