def model(dbt, session):
    """Whom matching loses; fct_matching_losses types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.balance_tables import matching_losses
    from csc_outcomes.evaluation.samples import Evidence

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
    )
    studies = dbt.ref("int_study_settings").df().set_index("study_id")
    methods = dbt.ref("fct_matched_shares").df()
    return matching_losses(evidence, methods, studies.balance_test.to_dict())
