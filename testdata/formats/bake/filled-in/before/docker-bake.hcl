variable "TAG" {}
target "a" {
  dockerfile-inline = "FROM redis:${TAG}"
  contexts = { a = "docker-image://perl:${TAG}", b = "docker-image://${REGISTRY}/perl:5" }
}
