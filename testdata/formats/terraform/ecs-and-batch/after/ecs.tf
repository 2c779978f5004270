resource "aws_ecs_task_definition" "encoded" {
  family = "web"
  container_definitions = jsonencode([
    {
      name      = "web"
      image     = "nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd"
      essential = true
      environment = [{ name = "image", value = "redis:7" }]
    },
    merge(local.defaults, { "name" : "log", "image" : "fluent/fluent-bit:3.0@sha256:a084b13c5d659f5554089064ffaad8a32db27d9f2d7e67b3ab47afb1021e4cbe" }),
  ])
}

resource "aws_ecs_task_definition" "heredoc" {
  family                = "web"
  container_definitions = <<-JSON
    [
      {
        "name": "web",
        "image": "httpd:2.4@sha256:b1cd6d713ba2fedb02a9c941edf31dc5a24c972a9323f1f78b4bc9f338d65d10",
        "environment": ${jsonencode(var.environment)},
        "secrets": [{"name": "image", "valueFrom": "redis:7"}]
      }
    ]
  JSON
}

resource "aws_batch_job_definition" "job" {
  name = "job"
  type = "container"
  container_properties = jsonencode({
    command = ["ls", "-la"]
    image   = "busybox:latest@sha256:de68ccc327e508f44a3a150fc877a442581bb03dd53e24b418fbc425ece79d52"
  })
}
