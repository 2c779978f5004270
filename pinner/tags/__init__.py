"""Version order of image tags: which tag is the next of the one in use.

Pure: text in, values out. Nothing here asks a registry; what has to be asked is told by `proof`.
"""
