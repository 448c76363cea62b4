def model(dbt, session):
    """What followed the closures at every data cut; fct_followups types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.followup_tables import followups

    return followups(
        dbt.ref("int_followups").df(),
        dbt.ref("int_sample_cases").filter("method = 'unmatched'").df(),
        dbt.ref("int_study_arms").df(),
    )
