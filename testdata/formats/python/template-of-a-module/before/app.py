import docker

client = docker.from_env()
{% if cookiecutter.pull %}
client.images.pull("{{ cookiecutter.image }}")
{% endif %}
