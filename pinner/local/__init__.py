"""What this machine holds: archives, OCI layouts and the stores of engines, read without changing or unpacking any."""
