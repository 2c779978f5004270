variable "redis" {
  default = "redis:7"
}
job "web" {
  group "web" {
    task "web" {
      driver = "docker"
      config {
        image = "nginx:1.27"
      }
    }
    task "cache" {
      driver = "podman"
      config {
        image = var.redis
      }
    }
    task "app" {
      driver = "docker"
      config {
        image = "acme/app:${meta.version}"
      }
    }
  }
}
