def model(dbt, session):
    """The comparators nearest in propensity score; int_matched_links gives them weights."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.propensity_matching import of_studies, propensity_links

    scores = dbt.ref("py_propensity_scores").df()
    return propensity_links(
        of_studies(dbt.ref("int_matchable_cases"), scores["study_id"]).df(),
        scores,
        dbt.ref("int_study_settings").df(),
    )
