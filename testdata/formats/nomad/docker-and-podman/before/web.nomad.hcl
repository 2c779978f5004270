job "web" {
  datacenters = ["dc1"]
  group "web" {
    task "server" {
      driver = "docker"
      config {
        image = "hashicorp/http-echo:1.0"
        args  = ["-text", "image = \"nginx:1\""]
      }
      template {
        destination = "local/x"
        data        = <<EOH
config {
  image = "nginx:1"
}
EOH
      }
    }
    task "cache" {
      driver = "podman"
      config { image = "docker.io/library/redis:7" }
    }
  }
}
