from testcontainers.postgres import PostgresContainer
from testcontainers.kafka import KafkaContainer as Kafka
import testcontainers.redis as tr
from testcontainers.generic import ServerContainer

with PostgresContainer("postgres:16-alpine@sha256:c6b76386d83bb4655b13afddb82d81def5abc2f4429accf81edce78df9ebd662") as postgres, Kafka(image="confluentinc/cp-kafka:7.6.0") as kafka:
    redis = tr.RedisContainer("redis:7.4@sha256:9e2cde0b3e44a169f8cbeb51935b527d056e809df8c8c8e71dcf46a23d168acb")
    server = ServerContainer(8080, "nginx:1.27@sha256:6965a10c15290ad0b29ca7fd1866de1850408b3cb15fb11a3bbbbc2fddb158bd")
