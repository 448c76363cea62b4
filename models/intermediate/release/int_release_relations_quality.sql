-- The sums that tie the counts of quality together, each as terms that add up to nothing.
{{ release_relations(ref('int_release_parts_quality')) }}
