variable "image" { default = "nginx:1" }
