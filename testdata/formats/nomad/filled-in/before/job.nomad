variable "tag" { type = string }
job "j" {
  group "g" {
    task "a" {
      driver = "docker"
      config { image = "redis:${var.tag}" }
    }
    task "b" {
      driver = "docker"
      config { image = "${meta.registry}/redis:7" }
    }
    task "c" {
      driver = "docker"
      config { image = "redis:${NOMAD_META_TAG}" }
    }
  }
}
