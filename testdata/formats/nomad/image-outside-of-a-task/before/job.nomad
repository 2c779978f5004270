job "j" {
  meta { image = "nginx:1" }
  group "g" {
    config { image = "nginx:1" }
    service { image = "nginx:1" }
    task "t" {
      driver = "docker"
      env { image = "nginx:1" }
      config {
        mount { image = "nginx:1" }
      }
    }
  }
}
