"""What `inlay.compress` is made of: the choices, their measurement, and what is certain without one."""
