def model(dbt, session):
    """Tests of the survival curves of two arms; fct_survival_tests types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.samples import Evidence
    from csc_outcomes.evaluation.survival_tables import survival_tests

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        clocks=dbt.ref("int_case_clocks").df(),
    )
    return survival_tests(
        evidence,
        dbt.ref("int_competing_ends").df(),
        dbt.ref("study_analyses").df(),
        dbt.ref("def_study_parameters").df(),
    )
