"""Alembic's folder: env.py runs the files of versions/, oldest first."""
