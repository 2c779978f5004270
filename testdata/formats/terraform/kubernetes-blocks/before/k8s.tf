resource "kubernetes_deployment_v1" "web" {
  metadata { name = "web" }
  spec {
    template {
      spec {
        init_container {
          name  = "init"
          image = "busybox"
        }
        container {
          name              = "web"
          image             = "ghcr.io/example/web:1.4"
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
            image = "envoyproxy/envoy:v1.30"
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
          initContainers = [{ name = "a", image = "alpine:3" }]
          "containers" : [
            {
              "name" : "b"
              "image" : "perl:5"
            },
          ]
        }
      }
    }
  }
}
