resource "aws_ecs_task_definition" "encoded" {
  family = "web"
  container_definitions = jsonencode([
    {
      name      = "web"
      image     = "nginx:1.27"
      essential = true
      environment = [{ name = "image", value = "redis:7" }]
    },
    merge(local.defaults, { "name" : "log", "image" : "fluent/fluent-bit:3.0" }),
  ])
}

resource "aws_ecs_task_definition" "heredoc" {
  family                = "web"
  container_definitions = <<-JSON
    [
      {
        "name": "web",
        "image": "httpd:2.4",
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
    image   = "busybox"
  })
}
