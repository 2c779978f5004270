try:
    from testcontainers.postgres import PostgresContainer
except ImportError:

    class PostgresContainer:
        def __init__(self, image):
            raise RuntimeError(image)


PostgresContainer("postgres:16")
