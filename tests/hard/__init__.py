"""The hard tests: hostile requests, the contract of the document, kill −9 under load."""
