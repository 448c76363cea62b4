"""Statistics that DfE publishes about areas, to set an authority's own figures beside."""
