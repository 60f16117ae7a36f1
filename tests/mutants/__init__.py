"""Rules taken out of the code while it runs: the tests that are named for each must notice."""
