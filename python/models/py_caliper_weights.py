def model(dbt, session):
    """Weights without links, for studies with more links than they keep; int_sample_cases reads
    them."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.caliper_tables import caliper_weights

    return caliper_weights(session, dbt.ref("int_matchable_cases"), dbt.ref("int_study_settings"))
