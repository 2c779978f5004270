# docker, image="nginx:1.27"
# containers.run("nginx:1.27")
