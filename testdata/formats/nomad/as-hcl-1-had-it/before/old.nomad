job "old" {
  constraint { attribute = "${node.class}" value = "gpu" }
  meta { "image" = "nginx:1" }
  group "cache" {
    task "redis" {
      driver = "docker"
      config {
        image = "redis:7",
        labels { "com.example.check" ="[{\"image\": \"a:1\"}]" }
        port_map { db = 6379 }
      }
      env { registry.consul.addr = "x" }
      resources { network { port "db" {} } }
    }
  }
}
