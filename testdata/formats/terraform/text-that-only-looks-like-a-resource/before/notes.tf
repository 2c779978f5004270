# resource "docker_image" "a" { name = "nginx:1" }
/*
resource "docker_image" "b" {
  name = "nginx:1"
}
*/
// resource "docker_image" "c" { name = "nginx:1" }
resource "null_resource" "d" {
  provisioner "local-exec" {
    command = <<-EOT
      cat <<'EOF' > x.tf
      resource "docker_image" "e" {
        name = "nginx:1"
      }
      EOF
    EOT
  }
  triggers = { docker_image = "resource \"docker_image\" \"f\" { name = \"nginx:1\" }" }
}
output "docker_image" { value = "nginx:1" }
module "web" {
  source = "./web"
  image  = "nginx:1"
}
