target "heredoc" {
  dockerfile-inline = <<EOT
FROM postgres:16 AS db
COPY --from=busybox:1 /bin /bin
FROM db
EOT
}
target "string" {
  dockerfile-inline = "FROM redis:7\nRUN true"
}
