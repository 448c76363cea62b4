"""The allocation of families to a trial's arms, so that anyone with the key can check it:
`csc allocate`."""
