job "web" {
  datacenters = ["dc1"]
  group "web" {
    task "server" {
      driver = "docker"
      config {
        image = "hashicorp/http-echo:1.0@sha256:a6aa39c163e68f8278615eba15a3fa8cd56935f3153e6d7f6b525460e5ecdc5a"
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
      config { image = "docker.io/library/redis:7@sha256:a0ed741ac6ba1c5759e6d93b088e5e315e089f8a2a6a17a0c16f6456ff434700" }
    }
  }
}
