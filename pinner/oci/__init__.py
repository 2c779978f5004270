"""OCI images: types, manifests, platforms, and the interface that resolves names to them."""
