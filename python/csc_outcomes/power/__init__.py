"""What a comparison of two rates can detect, before or after a trial: `csc power`, fct_power."""
