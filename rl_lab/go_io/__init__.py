"""The foreign languages of Go programs, one module for each."""
