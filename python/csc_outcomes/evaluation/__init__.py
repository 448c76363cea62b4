"""From curated tables to the rows of the evaluation marts: frames in, one row per estimate out."""
