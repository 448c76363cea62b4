def model(dbt, session):
    """The probability of treatment of every eligible case; fct_propensity_scores shows them."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.propensity_matching import propensity_scores

    return propensity_scores(
        dbt.ref("int_matchable_cases").df(),
        dbt.ref("int_study_covariates").df(),
        dbt.ref("study_covariates").df(),
        dbt.ref("int_study_analyses").df(),
    )
