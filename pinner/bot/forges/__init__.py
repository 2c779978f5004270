"""The forges: one module each over plain HTTP, and one line each here."""
