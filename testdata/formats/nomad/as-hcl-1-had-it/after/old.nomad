job "old" {
  constraint { attribute = "${node.class}" value = "gpu" }
  meta { "image" = "nginx:1" }
  group "cache" {
    task "redis" {
      driver = "docker"
      config {
        image = "redis:7@sha256:a0ed741ac6ba1c5759e6d93b088e5e315e089f8a2a6a17a0c16f6456ff434700",
        labels { "com.example.check" ="[{\"image\": \"a:1\"}]" }
        port_map { db = 6379 }
      }
      env { registry.consul.addr = "x" }
      resources { network { port "db" {} } }
    }
  }
}
