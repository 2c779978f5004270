group "default" { targets = ["app"] }
target "app" {
  context    = "."
  args       = { VERSION = "1.2.3", IMAGE = "nginx:1" }
  tags       = ["nginx:1"]
  cache-from = ["type=registry,ref=nginx:1"]
  output     = ["type=image,name=nginx:1"]
  labels     = { image = "docker-image://nginx:1" }
}
