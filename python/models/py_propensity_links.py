def model(dbt, session):
    """The comparators nearest in propensity score; int_matched_links gives them weights."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.propensity_matching import propensity_links

    return propensity_links(
        dbt.ref("int_matchable_cases").df(),
        dbt.ref("py_propensity_scores").df(),
        dbt.ref("int_studies").df(),
    )
