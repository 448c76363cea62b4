def model(dbt, session):
    """How strong an unseen cause would have to be; fct_evalues types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.evalue_tables import evalues
    from csc_outcomes.evaluation.samples import Evidence

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        subgroup_cases=dbt.ref("int_subgroup_cases").df(),
    )
    by_lot = dbt.ref("int_study_settings").filter("arm_source = 'allocation'").df().study_id
    return evalues(
        evidence,
        dbt.ref("fct_effect_estimates").df(),
        dbt.ref("study_outcomes").df(),
        set(by_lot),
    )
