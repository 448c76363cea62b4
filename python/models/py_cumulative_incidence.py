def model(dbt, session):
    """Shares that ended in each way, by arm and day; fct_cumulative_incidence types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.samples import Evidence
    from csc_outcomes.evaluation.survival_tables import cumulative_incidences

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        clocks=dbt.ref("int_case_clocks").df(),
    )
    return cumulative_incidences(
        evidence, dbt.ref("int_competing_ends").df(), dbt.ref("def_study_parameters").df()
    )
