resource "docker_image" "a" {
  labels { label = "🐳" }
  /* 🐳 */ name = "nginx:1@sha256:7f9d479148d502539673a9fcede1b9dfbb592148e90eb910904249ec924169f7"
}
