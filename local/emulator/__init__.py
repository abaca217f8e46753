"""The process that emulates AWS: MiniStack, with what this stack needs and MiniStack lacks.

It runs in an environment of its own (.local/envs/ministack). Nothing here is imported by the project.
"""
