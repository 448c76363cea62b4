"""`csc add-extract`: looks at files, proposes their extract.yml and says what it can't decide."""
