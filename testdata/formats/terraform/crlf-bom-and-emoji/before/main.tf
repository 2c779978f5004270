resource "docker_image" "a" {
  labels { label = "🐳" }
  /* 🐳 */ name = "nginx:1"
}
