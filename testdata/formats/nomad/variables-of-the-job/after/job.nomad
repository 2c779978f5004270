variable "image" { default = "redis:7@sha256:a0ed741ac6ba1c5759e6d93b088e5e315e089f8a2a6a17a0c16f6456ff434700" }
variable "tag" { default = "1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd" }
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
