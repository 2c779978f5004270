job "vm" {
  group "vm" {
    task "qemu" {
      driver = "qemu"
      config {
        image_path = "local/linux.img"
        image      = "linux:1"
      }
    }
    task "exec" {
      driver = "exec"
      config {
        command = "image"
        image   = "nginx:1"
      }
    }
    task "java" {
      driver = "java"
      config { image = "nginx:1" }
    }
  }
}
