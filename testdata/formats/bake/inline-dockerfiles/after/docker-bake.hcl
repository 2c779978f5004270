target "heredoc" {
  dockerfile-inline = <<EOT
FROM postgres:16@sha256:87fb687776069f58fae791d3204c99d7d93fc59c5e9217241dc420719264a667 AS db
COPY --from=busybox:1@sha256:601084643101c1cee774bcec1349e105083587bf663d1269a540d34679854a0b /bin /bin
FROM db
EOT
}
target "string" {
  dockerfile-inline = "FROM redis:7@sha256:a0ed741ac6ba1c5759e6d93b088e5e315e089f8a2a6a17a0c16f6456ff434700\nRUN true"
}
