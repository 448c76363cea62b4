def model(dbt, session):
    """The probability of treatment of every eligible case; fct_propensity_scores shows them."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.propensity_matching import (
        of_studies,
        propensity_scores,
        studies_by_score,
    )

    analyses = dbt.ref("int_study_analyses").df()
    asked = studies_by_score(analyses).index
    return propensity_scores(
        of_studies(dbt.ref("int_matchable_cases"), asked).df(),
        of_studies(dbt.ref("int_study_covariates").filter("is_eligible"), asked).df(),
        dbt.ref("study_covariates").df(),
        analyses,
    )
