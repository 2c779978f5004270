output "image" { value = var.shown }
