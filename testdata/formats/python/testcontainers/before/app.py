from testcontainers.postgres import PostgresContainer
from testcontainers.kafka import KafkaContainer as Kafka
import testcontainers.redis as tr
from testcontainers.generic import ServerContainer

with PostgresContainer("postgres:16-alpine") as postgres, Kafka(image="confluentinc/cp-kafka:7.6.0") as kafka:
    redis = tr.RedisContainer("redis:7.4")
    server = ServerContainer(8080, "nginx:1.27")
