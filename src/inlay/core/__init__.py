"""The ground: values, contracts, errors and exact vector arithmetic. Imports nothing else of Inlay."""
