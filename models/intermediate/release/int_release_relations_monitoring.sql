-- The sums that tie the counts of monitoring together, each as terms that add up to nothing.
{{ release_relations(ref('int_release_parts_monitoring')) }}
