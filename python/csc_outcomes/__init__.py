"""Children's social care extracts in, governed outcomes and defensible programme evaluations
out."""
