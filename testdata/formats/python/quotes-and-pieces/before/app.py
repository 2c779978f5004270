from testcontainers.core.container import DockerContainer

DockerContainer('nginx:1.27')
DockerContainer("""nginx:1.27""")
DockerContainer('''nginx:1.27''')
DockerContainer(r"nginx:1.27")
DockerContainer(u'nginx:1.27')
DockerContainer(R'''nginx:1.27''')
DockerContainer(f"nginx:1.27")
DockerContainer("nginx" ":1.27")
DockerContainer(("nginx"
    # the tag on a line of its own
    ":1.27"))
DockerContainer("nginx:" f"1.27" "")
DockerContainer("ng\
inx:1.27")
