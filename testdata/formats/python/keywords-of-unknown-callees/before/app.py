import tkinter

import docker

tkinter.Label(image="logo:1")
compute_key(image="nginx:1.27")
start(container_image="nginx:1.27", base_image="nginx:1.27")
