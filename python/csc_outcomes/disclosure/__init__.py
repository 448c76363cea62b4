"""What may be released: disclosure profiles, the control of counts, and its audit."""
