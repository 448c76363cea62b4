def model(dbt, session):
    """Two arms' questionnaire scores compared by ranks; fct_sdq_comparison types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.sdq_tables import sdq_comparison

    return sdq_comparison(dbt.ref("fct_sdq_scores").df(), dbt.ref("studies").df())
