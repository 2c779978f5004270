from airflow.providers.docker.operators.docker import DockerOperator

DockerOperator(task_id="a", image="{{ params.image }}")
DockerOperator(task_id="b", image="python:{{ var.value.tag }}")
