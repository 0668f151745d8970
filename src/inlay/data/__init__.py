"""Readers of files, folders and installed packages, and what they yield: records and problems."""
