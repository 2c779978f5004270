job [[ .my.name | quote ]] {
  group "g" {
    [[- range .my.tasks ]]
    task "t" {
      driver = "docker"
      config {
        image = "[[ .image ]]:[[ .tag ]]"
      }
    }
    [[- end ]]
  }
}
