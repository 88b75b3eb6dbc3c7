"""Reading operations: lists, one operation, counts and choices; records and DataFrames out."""
