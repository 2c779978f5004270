resource "aws_lambda_function" "f" {
  package_type = "Image"
  image_uri    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/f:1"
}
resource "aws_codebuild_project" "p" {
  environment { image = "aws/codebuild/amazonlinux2-x86_64-standard:5.0" }
}
resource "aws_ecr_repository" "r" { name = "team/app" }
resource "docker_registry_image" "push" { name = "registry.example.com/team/app:1" }
resource "docker_tag" "t" { source_image = "nginx:1" }
