"""Plain torch modules and what trains small ones; importing a module of this folder loads torch."""
