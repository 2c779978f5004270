"""HCL reader: blocks, attributes and values with byte offsets, shared by the formats that are written in HCL.

Grammar: HashiCorp's hcl/v2, ``hclsyntax/spec.md`` and ``scan_tokens.rl``. JSON is read by the same rules.
"""
