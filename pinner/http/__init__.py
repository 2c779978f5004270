"""HTTP client shared by registries and forges: connections, TLS, proxies, retries, errors."""
