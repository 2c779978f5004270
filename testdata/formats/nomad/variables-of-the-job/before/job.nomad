variable "image" { default = "redis:7" }
variable "tag" { default = "1.27" }
variable "shown" { default = "httpd:2" }
locals { name = "nginx" }
job "j" {
  group "g" {
    task "a" {
      driver = "docker"
      config { image = var.image }
    }
    task "b" {
      driver = "docker"
      config { image = "${local.name}:${var.tag}" }
    }
    task "c" {
      driver = "docker"
      env { IMAGE = var.shown }
      config { image = var.shown }
    }
  }
}
