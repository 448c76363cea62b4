def model(dbt, session):
    """Weighted survival curves; fct_survival_curves types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation import tables
    from csc_outcomes.evaluation.samples import Evidence

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        clocks=dbt.ref("int_case_clocks").df(),
    )
    return tables.survival_curves(evidence)
