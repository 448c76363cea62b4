def model(dbt, session):
    """Weighted survival curves; fct_survival_curves types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.samples import Evidence
    from csc_outcomes.evaluation.survival_tables import survival_curves

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        clocks=dbt.ref("int_case_clocks").df(),
    )
    return survival_curves(evidence, dbt.ref("def_study_parameters").df())
