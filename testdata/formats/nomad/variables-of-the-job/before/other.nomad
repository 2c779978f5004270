job "j" {
  group "g" {
    task "a" {
      driver = "docker"
      config { image = var.image }
    }
  }
}
