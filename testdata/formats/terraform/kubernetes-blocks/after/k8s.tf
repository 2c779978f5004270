resource "kubernetes_deployment_v1" "web" {
  metadata { name = "web" }
  spec {
    template {
      spec {
        init_container {
          name  = "init"
          image = "busybox:latest@sha256:de68ccc327e508f44a3a150fc877a442581bb03dd53e24b418fbc425ece79d52"
        }
        container {
          name              = "web"
          image             = "ghcr.io/example/web:1.4@sha256:05d044e52a269d218cd3850c75256420155b6d8b0c7db6da90e050dfcc6304d6"
          image_pull_policy = "Always"
          env {
            name  = "IMAGE"
            value = "nginx:1"
          }
        }
        dynamic "container" {
          for_each = var.sidecars
          content {
            name  = container.key
            image = "envoyproxy/envoy:v1.30@sha256:1c9838fcb00be8cacea2be92adaa613aac5832f8ccfb2b0791feaecd360f91fb"
          }
        }
        image_pull_secrets { name = "regcred" }
      }
    }
  }
}

resource "kubernetes_manifest" "job" {
  manifest = {
    apiVersion = "batch/v1"
    kind       = "Job"
    spec = {
      template = {
        spec = {
          initContainers = [{ name = "a", image = "alpine:3@sha256:9e42819a0aa0fab4ff50a739dc72cfc6ffb3c2f4bcb1159cfa6ec88298f426fa" }]
          "containers" : [
            {
              "name" : "b"
              "image" : "perl:5@sha256:d98596dbec60137386a83c4108fcb89d624c6c47699c205e1e39ac9eb871c6d9"
            },
          ]
        }
      }
    }
  }
}
