"""Language server: diagnostics, hover, code actions and lenses for editors, over the Language Server Protocol."""
