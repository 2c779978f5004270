variable "image" { default = "nginx:2" }
